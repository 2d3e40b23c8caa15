//! The dimensions of the space: each an enumeration with its names.

/// An enumeration whose members have names.
macro_rules! dimension {
    ($(#[$about:meta])* $name:ident: $( $(#[$doc:meta])* $member:ident = $text:literal, )*) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$doc])* $member, )* }

        impl $name {
            /// All of them, in the order in which they are enumerated.
            pub const ALL: &'static [$name] = &[ $( $name::$member, )* ];

            /// Its name in that of a point.
            pub fn name(self) -> &'static str {
                match self { $( $name::$member => $text, )* }
            }

            /// The one of this name.
            pub fn named(name: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

/// What kind of memory is accessed, and where in its module it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// Whether addresses have 64 bits.
    pub wide: bool,
    /// Whether pages have 1 byte and not 64 KiB.
    pub small_pages: bool,
    /// Whether it is shared.
    pub shared: bool,
    /// Whether the module that accesses it imports it.
    pub imported: bool,
    /// Whether it is memory 1, behind one of another size, and not memory 0.
    pub second: bool,
}

impl Kind {
    /// All 32 kinds.
    pub fn all() -> impl Iterator<Item = Kind> {
        (0u8..32).map(|bits| Kind {
            wide: bits & 16 != 0,
            small_pages: bits & 8 != 0,
            shared: bits & 4 != 0,
            imported: bits & 2 != 0,
            second: bits & 1 != 0,
        })
    }

    /// Its name in that of a point: `memory64+page1+shared+imported+second`.
    pub fn name(self) -> String {
        let mut name = if self.wide { "memory64" } else { "memory32" }.to_owned();
        for (is, words) in [
            (self.small_pages, "+page1"),
            (self.shared, "+shared"),
            (self.imported, "+imported"),
            (self.second, "+second"),
        ] {
            if is {
                name.push_str(words);
            }
        }
        name
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Kind> {
        Kind::all().find(|kind| kind.name() == name)
    }

    /// How many bytes a page has.
    pub fn page(self) -> u64 {
        if self.small_pages { 1 } else { 65_536 }
    }

    /// One more than the largest address that an operand can be.
    pub fn range(self) -> u128 {
        if self.wide { 1 << 64 } else { 1 << 32 }
    }

    /// The most pages that a memory of this kind can have.
    pub fn most_pages(self) -> u64 {
        match (self.wide, self.small_pages) {
            (false, false) => 1 << 16,
            (true, false) => 1 << 48,
            (false, true) => u64::from(u32::MAX),
            (true, true) => u64::MAX,
        }
    }

    /// Whether it has a maximum, two growths above its size: all have but those that
    /// are the module's own, not shared, and memory 0.
    pub fn is_bounded(self) -> bool {
        self.shared || self.imported || self.second
    }

    /// By how many pages the points grow a memory: one of 64 KiB, or 5000 bytes.
    pub fn growth(self) -> u64 {
        if self.small_pages { 5_000 } else { 1 }
    }
}

dimension! {
    /// How large the memory is before anything grows it.
    Size:
    /// It has no pages.
    Empty = "empty",
    /// 64 KiB; of pages of 1 byte 4097.
    Page = "page",
    /// 192 KiB; of pages of 1 byte 131,075.
    Pages = "pages",
    /// 2 GiB, or a byte more where pages have 1 byte.
    TwoGib = "2gib",
    /// 4 GiB, or what a 32-bit `memory.size` can say: a byte less.
    FourGib = "4gib",
    /// 64 KiB (or 3 bytes) more than 4 GiB: 64-bit addresses only.
    Beyond = "beyond-4gib",
}

impl Size {
    /// How many bytes that are; `None` where the kind cannot be so large.
    pub fn bytes(self, kind: Kind) -> Option<u64> {
        Some(match (self, kind.small_pages) {
            (Size::Empty, _) => 0,
            (Size::Page, false) => 0x1_0000,
            (Size::Page, true) => 4_097,
            (Size::Pages, false) => 0x3_0000,
            (Size::Pages, true) => 0x2_0003,
            (Size::TwoGib, false) => 1 << 31,
            (Size::TwoGib, true) => (1 << 31) + 1,
            (Size::FourGib, true) if !kind.wide => u64::from(u32::MAX),
            (Size::FourGib, _) => 1 << 32,
            (Size::Beyond, _) if !kind.wide => return None,
            (Size::Beyond, false) => (1 << 32) + 0x1_0000,
            (Size::Beyond, true) => (1 << 32) + 3,
        })
    }

    /// Whether it has 2 GiB and more.
    pub fn is_large(self) -> bool {
        self >= Size::TwoGib
    }
}

dimension! {
    /// How the operand of an access comes about.
    Form:
    /// A parameter of the function.
    Parameter = "parameter",
    /// A constant.
    Constant = "constant",
    /// The sum of two constants.
    Folded = "folded",
    /// A parameter plus a constant, which may wrap.
    Sum = "sum",
    /// A parameter shifted left by 3, with bits that are shifted out.
    Shifted = "shifted",
    /// A parameter, all bits but some masked: the top one of 32, or the top 32 of 64.
    Masked = "masked",
    /// The low half of a 64-bit parameter whose high half has bits set.
    Wrapped = "wrapped",
    /// A 32-bit parameter, zero-extended to 64 bits.
    Unsigned = "zero-extended",
    /// A 32-bit parameter, sign-extended to 64 bits.
    Signed = "sign-extended",
    /// Written to the memory itself and loaded from there.
    Loaded = "loaded",
    /// There is none: the instruction takes no address.
    None = "no-address",
}

dimension! {
    /// The static offset of an access.
    Offset:
    /// None.
    Zero = "offset-0",
    /// 9.
    Small = "offset-small",
    /// A byte less than 64 KiB.
    Page = "offset-page",
    /// A byte more than 32 MiB, which is the size of many a guard.
    Guard = "offset-guard",
    /// 2^31 - 1, the largest that is positive in 32 bits.
    UnderTwoGib = "offset-under-2gib",
    /// 2^31 + 8.
    OverTwoGib = "offset-over-2gib",
    /// 2^32 - 1: the largest of a 32-bit memory.
    UnderFourGib = "offset-under-4gib",
    /// 2^32 + 8: 64-bit addresses only.
    OverFourGib = "offset-over-4gib",
    /// 2^64 - 1: 64-bit addresses only.
    Largest = "offset-largest",
}

impl Offset {
    /// How many bytes that are; `None` where the kind cannot have it.
    pub fn bytes(self, kind: Kind) -> Option<u64> {
        let bytes = match self {
            Offset::Zero => 0,
            Offset::Small => 9,
            Offset::Page => 0xffff,
            Offset::Guard => 0x200_0001,
            Offset::UnderTwoGib => (1 << 31) - 1,
            Offset::OverTwoGib => (1 << 31) + 8,
            Offset::UnderFourGib => (1 << 32) - 1,
            Offset::OverFourGib => (1 << 32) + 8,
            Offset::Largest => u64::MAX,
        };
        (u128::from(bytes) < kind.range()).then_some(bytes)
    }
}

dimension! {
    /// What happened to the memory before the access.
    Before:
    /// Nothing.
    Nothing = "nothing",
    /// The same function has loaded a byte from the same address.
    Narrower = "after-narrower",
    /// The same function has loaded 8 bytes from the same address.
    Wider = "after-wider",
    /// The same function has done the same already.
    Same = "after-same",
    /// The same function has loaded a byte 8 bytes further.
    Ahead = "after-ahead",
    /// The same function has loaded a byte there, but only where the operand is odd.
    Maybe = "after-branch",
    /// The same function has tried to grow the memory beyond what it can have.
    GrowFails = "after-failed-grow",
    /// The same function has grown it.
    GrowHere = "after-grow",
    /// A function that it called has grown it.
    GrowCallee = "after-grow-callee",
    /// A function of the embedder that it called has grown it.
    GrowHost = "after-grow-host",
    /// A function of another instance that it called has grown it: imported memories.
    GrowForeign = "after-grow-foreign",
    /// The embedder has grown it between two calls.
    GrowHostEarlier = "after-grow-host-earlier",
    /// Another instance has grown it between two calls.
    GrowOtherEarlier = "after-grow-other-earlier",
}

impl Before {
    /// Whether the memory is larger than it was made.
    pub fn grows(self) -> bool {
        self >= Before::GrowHere
    }

    /// Whether the function itself makes, or has made, the memory larger.
    pub fn grows_within(self) -> bool {
        self.grows() && self < Before::GrowHostEarlier
    }

    /// Whether it is an access that dominates this one.
    pub fn is_access(self) -> bool {
        matches!(
            self,
            Before::Narrower | Before::Wider | Before::Same | Before::Ahead | Before::Maybe
        )
    }
}
