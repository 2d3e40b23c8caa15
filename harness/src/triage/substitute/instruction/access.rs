//! Substitutions of an access by others that access the same bytes.
//!
//! `plain`, `scalar`, `integer`, `zero-extended`, `bytes`: each an access in
//! pieces, see [`pieces`](super::pieces). They preserve the meaning where one
//! thread runs; a trap for alignment becomes `unreachable`.

use trapline_reference::{Extension, Kind, ValueType};

use super::pieces::in_pieces;
use super::{Found, substitute};
use crate::triage::substitute::bytes::extend;
use crate::triage::substitute::code::Code;
use crate::triage::substitute::memory_op::{Access, MemoryOp};
use crate::triage::substitute::parts::Parts;
use crate::triage::substitute::{Draft, NotSubstituted, Original, Site};

type Sites<'s> = &'s dyn Fn(&Site) -> bool;

/// `plain`: an atomic access is one or two plain ones, its alignment checked first.
pub(in crate::triage::substitute) fn plain(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    split(original, sites, draft, 8, |access| {
        access.row.kind.is_atomic()
    })
}

/// `scalar`: an access of a vector is accesses of integers of at most 8 bytes.
pub(in crate::triage::substitute) fn scalar(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    let is_vector = |access: &Access| access.row.value == ValueType::V128;
    split(original, sites, draft, 8, is_vector)
}

/// `integer`: a float is loaded and stored as an integer of its bits.
pub(in crate::triage::substitute) fn integer(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    let is_float = |access: &Access| matches!(access.row.value, ValueType::F32 | ValueType::F64);
    split(original, sites, draft, 8, is_float)
}

/// `bytes`: an access of several bytes is one of each, after a check of the last.
pub(in crate::triage::substitute) fn bytes(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    split(original, sites, draft, 1, |access| access.row.width > 1)
}

/// `zero-extended`: a load that extends with the sign is one that extends with
/// zeros and an instruction that extends.
pub(in crate::triage::substitute) fn zero_extended(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    let is_signed = |access: &Access| {
        matches!(
            access.row.kind,
            Kind::Load(Extension::Signed) | Kind::LoadExtend(Extension::Signed, _)
        )
    };
    substitute(original, sites, draft, |parts, code, found| {
        let MemoryOp::Access(access) = found.op else {
            return false;
        };
        if !is_signed(&access) {
            return false;
        }
        zero_extend(parts, code, &access);
        true
    })
}

fn zero_extend(parts: &Parts<'_>, code: &mut Code, access: &Access) {
    let memarg = access.memarg();
    let row = access.row;
    let mut ins = code.ins();
    match (row.value, row.width) {
        (ValueType::I32, 1) => ins.i32_load8_u(memarg),
        (ValueType::I32, _) => ins.i32_load16_u(memarg),
        (ValueType::I64, 1) => ins.i64_load8_u(memarg),
        (ValueType::I64, 2) => ins.i64_load16_u(memarg),
        (ValueType::I64, _) => ins.i64_load32_u(memarg),
        _ => return in_pieces(parts, code, access, 8),
    };
    extend(code, row.value, row.width);
}

fn split(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
    piece: u32,
    applies: impl Fn(&Access) -> bool,
) -> Result<usize, NotSubstituted> {
    substitute(original, sites, draft, |parts, code, found: &Found<'_>| {
        let MemoryOp::Access(access) = found.op else {
            return false;
        };
        let applies = applies(&access);
        if applies {
            in_pieces(parts, code, &access, piece);
        }
        applies
    })
}
