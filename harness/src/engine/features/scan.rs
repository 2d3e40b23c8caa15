//! Reads a module and notes the features it needs, wherever one can show: a
//! type can stand in every section, and inside of instructions too.

use wasmparser::{
    BlockType, CompositeInnerType, ConstExpr, DataKind, ElementItems, ElementKind, Encoding,
    FunctionBody, HeapType, MemoryType, Operator, Parser, Payload, RefType, Result, TableInit,
    TableType, TypeRef, ValType,
};

use super::{Feature, Features};

/// Adds what `wasm` needs, as far as it can be read.
pub(super) fn module(wasm: &[u8], needs: &mut Features) -> Result<()> {
    let mut memories = 0u32;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::Version {
                encoding: Encoding::Component,
                ..
            } => {
                needs.insert(Feature::OutOfScope);
                return Ok(());
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let ty = import?.ty;
                    memories += u32::from(matches!(ty, TypeRef::Memory(_)));
                    import_type(&ty, needs);
                }
            }
            Payload::MemorySection(section) => {
                for ty in section {
                    memories += 1;
                    memory_type(&ty?, needs);
                }
            }
            payload => section(payload, needs)?,
        }
        // Before the code: where that cannot be read, the rest still counts.
        if memories > 1 {
            needs.insert(Feature::MultiMemory);
        }
    }
    Ok(())
}

/// A section that does not change how many memories there are.
fn section(payload: Payload<'_>, needs: &mut Features) -> Result<()> {
    match payload {
        Payload::TypeSection(groups) => {
            for group in groups {
                let group = group?;
                for ty in group.types() {
                    match &ty.composite_type.inner {
                        CompositeInnerType::Func(f) if !group.is_explicit_rec_group() => {
                            for &ty in f.params().iter().chain(f.results()) {
                                value_type(ty, needs);
                            }
                        }
                        _ => needs.insert(Feature::OutOfScope),
                    }
                }
            }
        }
        Payload::TableSection(tables) => {
            for table in tables {
                let table = table?;
                table_type(&table.ty, needs);
                if let TableInit::Expr(expr) = &table.init {
                    needs.insert(Feature::OutOfScope);
                    constant(expr, needs)?;
                }
            }
        }
        Payload::TagSection(_) => needs.insert(Feature::OutOfScope),
        Payload::GlobalSection(globals) => {
            for global in globals {
                let global = global?;
                value_type(global.ty.content_type, needs);
                constant(&global.init_expr, needs)?;
            }
        }
        Payload::DataSection(segments) => {
            for segment in segments {
                if let DataKind::Active { offset_expr, .. } = segment?.kind {
                    constant(&offset_expr, needs)?;
                }
            }
        }
        Payload::ElementSection(segments) => {
            for segment in segments {
                let segment = segment?;
                if let ElementKind::Active { offset_expr, .. } = &segment.kind {
                    constant(offset_expr, needs)?;
                }
                if let ElementItems::Expressions(ty, items) = segment.items {
                    reference_type(ty, needs);
                    for item in items {
                        constant(&item?, needs)?;
                    }
                }
            }
        }
        Payload::CodeSectionEntry(body) => function(&body, needs)?,
        _ => {}
    }
    Ok(())
}

fn function(body: &FunctionBody<'_>, needs: &mut Features) -> Result<()> {
    for local in body.get_locals_reader()? {
        value_type(local?.1, needs);
    }
    let mut ops = body.get_operators_reader()?;
    while !ops.eof() {
        operator(&ops.read()?, needs);
    }
    Ok(())
}

fn import_type(ty: &TypeRef, needs: &mut Features) {
    match ty {
        TypeRef::Memory(ty) => memory_type(ty, needs),
        TypeRef::Global(ty) => value_type(ty.content_type, needs),
        TypeRef::Table(ty) => table_type(ty, needs),
        TypeRef::Tag(_) | TypeRef::FuncExact(_) => needs.insert(Feature::OutOfScope),
        // Its type is in the type section.
        TypeRef::Func(_) => {}
    }
}

fn memory_type(ty: &MemoryType, needs: &mut Features) {
    if ty.memory64 {
        needs.insert(Feature::Memory64);
    }
    if ty.shared {
        needs.insert(Feature::Threads);
    }
    if ty.page_size_log2.is_some() {
        needs.insert(Feature::CustomPageSizes);
    }
}

fn table_type(ty: &TableType, needs: &mut Features) {
    if ty.table64 {
        needs.insert(Feature::Memory64);
    }
    if ty.shared {
        needs.insert(Feature::OutOfScope);
    }
    reference_type(ty.element_type, needs);
}

fn value_type(ty: ValType, needs: &mut Features) {
    match ty {
        ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 => {}
        ValType::V128 => needs.insert(Feature::Simd),
        ValType::Ref(ty) => reference_type(ty, needs),
    }
}

fn reference_type(ty: RefType, needs: &mut Features) {
    if !ty.is_nullable() {
        needs.insert(Feature::OutOfScope);
    }
    heap_type(ty.heap_type(), needs);
}

fn heap_type(ty: HeapType, needs: &mut Features) {
    match ty {
        HeapType::FUNC => {}
        HeapType::EXTERN => needs.insert(Feature::ExternRef),
        _ => needs.insert(Feature::OutOfScope),
    }
}

fn constant(expr: &ConstExpr<'_>, needs: &mut Features) -> Result<()> {
    let mut ops = expr.get_operators_reader();
    while !ops.eof() {
        use Operator as O;
        match ops.read()? {
            O::I32Add | O::I32Sub | O::I32Mul | O::I64Add | O::I64Sub | O::I64Mul => {
                needs.insert(Feature::ExtendedConst);
            }
            op => operator(&op, needs),
        }
    }
    Ok(())
}

/// The proposal an instruction belongs to, by wasmparser's own table, and the
/// types that stand in it.
fn operator(op: &Operator<'_>, needs: &mut Features) {
    macro_rules! proposal {
        ($( @$proposal:ident $op:ident $({ $($payload:tt)* })? => $visit:ident ($($ann:tt)*) )*) => {
            match op {
                $( Operator::$op { .. } => stringify!($proposal), )*
                _ => "other",
            }
        };
    }
    match wasmparser::for_each_operator!(proposal) {
        "mvp"
        | "sign_extension"
        | "saturating_float_to_int"
        | "bulk_memory"
        | "reference_types" => {}
        "simd" => needs.insert(Feature::Simd),
        "threads" => needs.insert(Feature::Atomics),
        "tail_call" => needs.insert(Feature::TailCall),
        _ => needs.insert(Feature::OutOfScope),
    }
    match op {
        Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
            // A function type is in the type section.
            if let BlockType::Type(ty) = *blockty {
                value_type(ty, needs);
            }
        }
        Operator::TypedSelect { ty } => value_type(*ty, needs),
        Operator::RefNull { hty } => heap_type(*hty, needs),
        _ => {}
    }
}
