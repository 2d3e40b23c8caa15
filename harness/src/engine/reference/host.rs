//! The built-in instance: what the embedder does to memories, on the reference.

use std::sync::Arc;

use trapline_reference::{Error, Extern, FuncType, Store, Trap, Value};

use crate::script::{HostFunc, HostOp};

/// A function of the built-in instance, as an import.
pub(in crate::engine) fn host_func(store: &mut Store, name: &str) -> Option<Extern> {
    let func = HostFunc::parse(name)?;
    let (params, results) = func.ty();
    let ty = FuncType {
        params: params.to_vec(),
        results: results.to_vec(),
    };
    let id = store.add_func(
        ty,
        Arc::new(move |store, args| call_host(store, &func, args)),
    );
    Some(Extern::Func(id))
}

/// Does what a function of the built-in instance is for.
pub(in crate::engine) fn call_host(
    store: &mut Store,
    func: &HostFunc,
    args: &[Value],
) -> Result<Vec<Value>, Error> {
    let instance = store.registered(&func.instance).ok_or(Trap::Host)?;
    let Some(Extern::Memory(memory)) = store.export(instance, &func.memory) else {
        return Err(Trap::Host.into());
    };
    let absent = || Error::Absent("the arguments do not fit the function".to_owned());
    let value = match (func.op, args) {
        (HostOp::Grow, &[Value::I64(delta)]) => {
            Value::I64(store.grow(memory, delta).unwrap_or(u64::MAX))
        }
        (HostOp::Size, &[]) => Value::I64(store.size(memory) as u64),
        (HostOp::Read, &[Value::I64(at)]) => {
            Value::I64(store.read(memory, at).map_or(u64::MAX, u64::from))
        }
        (HostOp::Write, &[Value::I64(at), Value::I32(byte)]) => {
            Value::I32(if store.write(memory, at, byte as u8) {
                0
            } else {
                u32::MAX
            })
        }
        _ => return Err(absent()),
    };
    Ok(vec![value])
}
