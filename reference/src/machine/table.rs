//! Table instructions.
//!
//! <https://webassembly.github.io/spec/core/exec/instructions.html#table-instructions>

use std::ops::Range;

use super::{Frame, Machine};
use crate::store::{Store, Table};
use crate::trap::{Error, Trap};
use crate::types::AddressType;

/// The place of a table in its store.
fn place(store: &Store, frame: &Frame, table: u32) -> usize {
    store.instances[frame.instance as usize].tables[table as usize] as usize
}

/// The elements from `start` on, checked.
fn range(start: u64, length: u64, size: usize) -> Result<Range<usize>, Error> {
    let end = u128::from(start) + u128::from(length);
    if end > size as u128 {
        return Err(Trap::OutOfBoundsTable.into());
    }
    Ok(start as usize..end as usize)
}

impl Machine {
    pub(super) fn table_get(
        &mut self,
        store: &Store,
        frame: &Frame,
        table: u32,
    ) -> Result<(), Error> {
        let table = &store.tables[place(store, frame, table)];
        let index = self.pop_address();
        let at = range(index, 1, table.elements.len())?;
        self.push(table.elements[at.start]);
        Ok(())
    }

    pub(super) fn table_set(
        &mut self,
        store: &mut Store,
        frame: &Frame,
        table: u32,
    ) -> Result<(), Error> {
        let at = place(store, frame, table);
        let table = &mut store.tables[at];
        let value = self.pop();
        let at = range(self.pop_address(), 1, table.elements.len())?;
        table.elements[at.start] = value;
        Ok(())
    }

    pub(super) fn table_size(&mut self, store: &Store, frame: &Frame, table: u32) {
        let table = &store.tables[place(store, frame, table)];
        self.push(table.elements.len() as u128);
    }

    pub(super) fn table_grow(&mut self, store: &mut Store, frame: &Frame, table: u32) {
        let at = place(store, frame, table);
        let most_elements = store.config.table_elements;
        let Table { ty, elements } = &mut store.tables[at];
        let delta = self.pop_address();
        let value = self.pop();
        let new = elements.len() as u128 + u128::from(delta);
        let most = ty.maximum.unwrap_or(u64::MAX).min(most_elements);
        if new <= most.into() {
            self.push(elements.len() as u128);
            elements.resize(new as usize, value);
        } else {
            self.push(match ty.address {
                AddressType::I32 => u32::MAX.into(),
                AddressType::I64 => u64::MAX.into(),
            });
        }
    }

    pub(super) fn table_fill(
        &mut self,
        store: &mut Store,
        frame: &Frame,
        table: u32,
    ) -> Result<(), Error> {
        let at = place(store, frame, table);
        let elements = &mut store.tables[at].elements;
        let length = self.pop_address();
        let value = self.pop();
        let range = range(self.pop_address(), length, elements.len())?;
        elements[range].fill(value);
        Ok(())
    }

    pub(super) fn table_copy(
        &mut self,
        store: &mut Store,
        frame: &Frame,
        to: u32,
        from: u32,
    ) -> Result<(), Error> {
        let (to, from) = (place(store, frame, to), place(store, frame, from));
        let length = self.pop_address();
        let source = range(
            self.pop_address(),
            length,
            store.tables[from].elements.len(),
        )?;
        let destination = range(self.pop_address(), length, store.tables[to].elements.len())?;
        match store.tables.get_disjoint_mut([to, from]) {
            Ok([to, from]) => to.elements[destination].copy_from_slice(&from.elements[source]),
            Err(_) => store.tables[to]
                .elements
                .copy_within(source, destination.start),
        }
        Ok(())
    }

    pub(super) fn table_init(
        &mut self,
        store: &mut Store,
        frame: &Frame,
        element: u32,
        table: u32,
    ) -> Result<(), Error> {
        let at = place(store, frame, table);
        let items = store.instances[frame.instance as usize].elements[element as usize].clone();
        let elements = &mut store.tables[at].elements;
        let length = self.pop_address();
        let source = range(self.pop_address(), length, items.len())?;
        let destination = range(self.pop_address(), length, elements.len())?;
        elements[destination].copy_from_slice(&items[source]);
        Ok(())
    }
}
