//! The macros behind the packet table and the value lists.

/// Declares open sets of named values: a type per field, a constant per name.
macro_rules! values {
    ($(
        $(#[$doc:meta])*
        $name:ident { $( $(#[$value_doc:meta])* $value:ident = $number:literal ),+ $(,)? }
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub struct $name(pub u32);

        #[allow(missing_docs)] // the names are AMD's, and all there is to say is in the type's text
        impl $name {
            $( $(#[$value_doc])* pub const $value: Self = Self($number); )+
        }

        impl $name {
            /// Every name with its number.
            pub const NAMES: $crate::field::Names = &[$( ($number, stringify!($value)) ),+];

            /// The name, if the value has one.
            pub fn name(self) -> Option<&'static str> {
                Self::NAMES.iter().find(|(number, _)| *number == self.0).map(|(_, name)| *name)
            }
        }

        impl ::core::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "{}({})", stringify!($name), self.0),
                }
            }
        }
    )+};
}
pub(crate) use values;

/// Declares the packets. The grammar of a row:
///
/// ```text
/// TypeName = OPCODE "NAME" [body dwords] flags(..) tail(..) {       flags and tail may be missing
///     field dword[hi:lo] kind  on(where)  when(dword[hi:lo] = values && ..);
///     @address name (low_name dword[hi:lo], high_name dword[hi:lo]) << shift  Access  on(..) when(..);
/// }
/// ```
///
/// A dword is counted from the header, 1 = the first after it. A kind is `flag`, `count`, `bits`, `bits_as(name)`, `register`,
/// `register_in(Space)`, `initiator`, `gcr` or the name of a type in [`super::values`]. Rows may overlap: the alternatives of a
/// dword, told apart by a selector, and the parts of a field that has a name of its own.
macro_rules! packets {
    ($(
        $(#[$doc:meta])*
        $name:ident = $opcode:ident $text:literal [$head:literal] $(flags($flags:expr))? $(tail($($tail:tt)+))? {
            $(
                $field:ident $dword:literal [$hi:literal : $lo:literal] $kind:ident $(($($arg:tt)+))?
                $(on($($on:tt)+))? $(when($($when:tt)+))? ;
            )*
            $(
                @address $address:ident ($aln:ident $ald:literal [$alh:literal : $all:literal], $ahn:ident $ahd:literal [$ahh:literal : $ahl:literal])
                $(<< $shift:literal)? $access:ident $(($bytes:literal))?
                $(on($($aon:tt)+))? $(when($($awhen:tt)+))? ;
            )*
        }
    )+) => {
        $( packet_type! {
            $(#[$doc])* $name = $opcode $text [$head] ($($flags)?) ($($($tail)+)?)
            { $( $field $dword [$hi : $lo] [$kind $($($arg)+)?] ($($($on)+)?) ($($($when)+)?) ; )* }
            { $( $address ($aln $ald [$alh : $all], $ahn $ahd [$ahh : $ahl]) ($($shift)?) ($access $(($bytes))?)
                 ($($($aon)+)?) ($($($awhen)+)?) ; )* }
        } )+

        packet_enum! { $( $name $opcode $head ($($($tail)+)?) ; )+ }
    };
}
pub(crate) use packets;

/// The enum over all packets, its decoder and what all packets have in common.
macro_rules! packet_enum {
    ($( $name:ident $opcode:ident $head:literal ($($tail:tt)*) ; )+) => {
        /// A packet with its fields.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Packet<'a> {
            $( #[doc = concat!("[`", stringify!($name), "`]")] $name(packet_ref!('a $name ($($tail)*))), )+
            /// No layout for this opcode and length. Kept whole: one strange packet does not hide the rest.
            Opaque($crate::packets::Opaque<'a>),
        }

        impl<'a> Packet<'a> {
            /// Every packet type's description, in the order of the opcodes.
            pub const LAYOUTS: &'static [&'static $crate::packets::PacketLayout] =
                &[$( &<packet_ref!('static $name ($($tail)*)) as $crate::packets::Type3>::LAYOUT ),+];

            /// Reads a body. Total: what no layout fits is [`Packet::Opaque`].
            #[inline]
            #[allow(non_upper_case_globals)] // the constants below only make the patterns
            pub fn parse(opcode: $crate::opcode::Opcode, body: &'a [u32]) -> Self {
                $( const $name: u8 = $crate::opcode::Opcode::$opcode.0; )+
                match (opcode.0, body.len()) {
                    $( packet_pattern!($name $head ($($tail)*)) => {
                        if let Some(packet) = $name::from_body(body) {
                            return Self::$name(packet);
                        }
                    } )+
                    _ => {}
                }
                let layout = Self::LAYOUTS.iter().copied().find(|layout| layout.opcode == opcode);
                Self::Opaque($crate::packets::Opaque { opcode, body, layout })
            }

            /// The description, also that of an opcode's other length; `None` where the crate has none.
            #[inline]
            pub fn layout(&self) -> Option<&'static $crate::packets::PacketLayout> {
                match self {
                    $( Self::$name(_) => Some(&<packet_ref!('static $name ($($tail)*)) as $crate::packets::Type3>::LAYOUT), )+
                    Self::Opaque(opaque) => opaque.layout,
                }
            }

            /// Bits `[15:8]` of the header.
            pub fn opcode(&self) -> $crate::opcode::Opcode {
                match self {
                    $( Self::$name(_) => <packet_ref!('static $name ($($tail)*)) as $crate::packets::Type3>::LAYOUT.opcode, )+
                    Self::Opaque(opaque) => opaque.opcode,
                }
            }

            /// The fixed dwords of the body; all of it for an opaque packet.
            #[inline]
            pub fn head(&self) -> &[u32] {
                match self {
                    $( Self::$name(packet) => $crate::packets::Type3::head(packet), )+
                    Self::Opaque(opaque) => opaque.body,
                }
            }

            /// The dwords after the fixed ones.
            #[inline]
            pub fn tail(&self) -> &[u32] {
                match self {
                    $( Self::$name(packet) => $crate::packets::Type3::tail(packet), )+
                    Self::Opaque(_) => &[],
                }
            }
        }

        $( impl<'a> From<packet_ref!('a $name ($($tail)*))> for Packet<'a> {
            fn from(packet: packet_ref!('a $name ($($tail)*))) -> Self {
                Self::$name(packet)
            }
        } )+
    };
}
pub(crate) use packet_enum;

/// The type of a packet: with a lifetime if it has a tail.
macro_rules! packet_ref {
    ($life:lifetime $name:ident ()) => { $name };
    ($life:lifetime $name:ident ($($tail:tt)+)) => { $name<$life> };
}
pub(crate) use packet_ref;

/// What `(opcode, body dwords)` a packet matches.
macro_rules! packet_pattern {
    ($name:ident $head:literal ()) => {
        ($name, $head)
    };
    ($name:ident $head:literal ($($tail:tt)+)) => {
        ($name, $head..)
    };
}
pub(crate) use packet_pattern;

/// One packet's type.
macro_rules! packet_type {
    ($(#[$doc:meta])* $name:ident = $opcode:ident $text:literal [$head:literal] $flags:tt () $fields:tt $addresses:tt) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub struct $name {
            head: [u32; $head],
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl $name {
            /// A packet with every bit zero.
            pub const fn new() -> Self {
                Self::from_head([0; $head])
            }

            /// A packet of these dwords, whatever they hold.
            pub const fn from_head(head: [u32; $head]) -> Self {
                Self { head }
            }

            #[inline]
            pub(crate) fn from_body(body: &[u32]) -> Option<Self> {
                Some(Self::from_head(body.try_into().ok()?))
            }
        }

        packet_fields! { $name [] $fields }
        packet_addresses! { $name [] $text $addresses }
        #[cfg(test)]
        packet_tests! { $name [$head] () $fields $addresses }

        impl $crate::packets::Type3 for $name {
            const LAYOUT: $crate::packets::PacketLayout =
                packet_layout!($opcode $text [$head] $flags () $fields $addresses);

            #[inline]
            fn head(&self) -> &[u32] {
                &self.head
            }
        }

        impl ::core::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                packet_debug!(self f $name $fields).finish()
            }
        }
    };
    ($(#[$doc:meta])* $name:ident = $opcode:ident $text:literal [$head:literal] $flags:tt $tail:tt $fields:tt $addresses:tt) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub struct $name<'a> {
            head: [u32; $head],
            /// The dwords after the fixed ones.
            pub tail: &'a [u32],
        }

        impl<'a> $name<'a> {
            /// A packet with every fixed bit zero.
            pub const fn new(tail: &'a [u32]) -> Self {
                Self::from_head([0; $head], tail)
            }

            /// A packet of these fixed dwords and what follows them, whatever they hold.
            pub const fn from_head(head: [u32; $head], tail: &'a [u32]) -> Self {
                Self { head, tail }
            }

            #[inline]
            pub(crate) fn from_body(body: &'a [u32]) -> Option<Self> {
                if !<Self as $crate::packets::Type3>::LAYOUT.fits(body.len()) {
                    return None;
                }
                let (head, tail) = body.split_first_chunk::<$head>()?;
                Some(Self::from_head(*head, tail))
            }
        }

        packet_fields! { $name ['a] $fields }
        packet_addresses! { $name ['a] $text $addresses }
        #[cfg(test)]
        packet_tests! { $name [$head] (tail) $fields $addresses }

        impl<'a> $crate::packets::Type3 for $name<'a> {
            const LAYOUT: $crate::packets::PacketLayout =
                packet_layout!($opcode $text [$head] $flags $tail $fields $addresses);

            #[inline]
            fn head(&self) -> &[u32] {
                &self.head
            }

            #[inline]
            fn tail(&self) -> &[u32] {
                self.tail
            }
        }

        impl ::core::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                packet_debug!(self f $name $fields).field("tail", &self.tail).finish()
            }
        }
    };
}
pub(crate) use packet_type;

/// A packet's getters and checked setters.
macro_rules! packet_fields {
    ($name:ident [$($life:lifetime)?] { $(
        $field:ident $dword:literal [$hi:literal : $lo:literal] [$kind:ident $($arg:tt)*] ($($on:tt)*) ($($when:tt)*) ;
    )* }) => {
        impl $(<$life>)? $name $(<$life>)? {
            $( field_accessors! { $name $field $dword [$hi : $lo] $kind } )*
        }
    };
}
pub(crate) use packet_fields;

/// The getter and the setter of one field.
macro_rules! field_accessors {
    ($name:ident $field:ident $dword:literal [$hi:literal : $lo:literal] flag) => { ::pastey::paste! {
        #[doc = concat!("Bit ", $lo, " of dword ", $dword, ".")]
        pub const fn $field(&self) -> bool {
            $crate::field::extract(self.head[$dword - 1], $hi, $lo) != 0
        }

        #[doc = concat!("Sets `", stringify!($field), "`.")]
        #[must_use]
        pub const fn [<with_ $field>](mut self, value: bool) -> Self {
            self.head[$dword - 1] = $crate::field::insert(self.head[$dword - 1], $hi, $lo, value as u32);
            self
        }
    } };
    ($name:ident $field:ident $dword:literal [$hi:literal : $lo:literal] $kind:ident) => { ::pastey::paste! {
        #[doc = concat!("Bits `[", $hi, ":", $lo, "]` of dword ", $dword, ".")]
        pub const fn $field(&self) -> field_type!($kind) {
            field_wrap!($kind, $crate::field::extract(self.head[$dword - 1], $hi, $lo))
        }

        #[doc = concat!("Sets `", stringify!($field), "`.\n\n# Errors\nWhere the value does not fit the field.")]
        pub const fn [<with_ $field>](mut self, value: field_type!($kind)) -> Result<Self, $crate::field::FieldError> {
            let raw = field_unwrap!($kind, value);
            if raw as u64 > $crate::field::max($hi - $lo + 1) {
                return Err($crate::field::FieldError {
                    owner: stringify!($name), field: stringify!($field), value: raw as u64, bits: $hi - $lo + 1,
                });
            }
            self.head[$dword - 1] = $crate::field::insert(self.head[$dword - 1], $hi, $lo, raw);
            Ok(self)
        }
    } };
}
pub(crate) use field_accessors;

/// The Rust type of a field's kind.
macro_rules! field_type {
    (bits_as) => {
        u32
    };
    (count) => {
        u32
    };
    (bits) => {
        u32
    };
    (register) => {
        u32
    };
    (register_in) => {
        u32
    };
    (gcr) => {
        $crate::packets::values::GcrCntl
    };
    (initiator) => {
        $crate::registers::ComputeDispatchInitiator
    };
    ($named:ident) => {
        $crate::packets::values::$named
    };
}
pub(crate) use field_type;

/// A field's value from its bits.
macro_rules! field_wrap {
    (bits_as, $bits:expr) => {
        $bits
    };
    (count, $bits:expr) => {
        $bits
    };
    (bits, $bits:expr) => {
        $bits
    };
    (register, $bits:expr) => {
        $bits
    };
    (register_in, $bits:expr) => {
        $bits
    };
    (gcr, $bits:expr) => {
        $crate::packets::values::GcrCntl($bits)
    };
    (initiator, $bits:expr) => {
        $crate::registers::ComputeDispatchInitiator($bits)
    };
    ($named:ident, $bits:expr) => {
        $crate::packets::values::$named($bits)
    };
}
pub(crate) use field_wrap;

/// A field's bits from its value.
macro_rules! field_unwrap {
    (bits_as, $value:expr) => {
        $value
    };
    (count, $value:expr) => {
        $value
    };
    (bits, $value:expr) => {
        $value
    };
    (register, $value:expr) => {
        $value
    };
    (register_in, $value:expr) => {
        $value
    };
    ($named:ident, $value:expr) => {
        $value.0
    };
}
pub(crate) use field_unwrap;

/// A field's name in AMD's headers: the row's, unless the row says otherwise because a generation's bits have a row of
/// their own.
macro_rules! field_name {
    ($field:ident bits_as $name:ident) => {
        stringify!($name)
    };
    ($field:ident $($kind:tt)*) => {
        stringify!($field)
    };
}
pub(crate) use field_name;

/// How a field's kind reads.
macro_rules! field_kind {
    (flag) => {
        $crate::field::FieldKind::Flag
    };
    (count) => {
        $crate::field::FieldKind::Count
    };
    (bits) => {
        $crate::field::FieldKind::Bits
    };
    (register) => {
        $crate::field::FieldKind::Register
    };
    (bits_as $name:ident) => {
        $crate::field::FieldKind::Bits
    };
    (register_in $space:ident) => {
        $crate::field::FieldKind::RegisterIn($crate::registers::Space::$space)
    };
    (gcr) => {
        $crate::field::FieldKind::Bits
    };
    (initiator) => {
        $crate::field::FieldKind::DispatchInitiator
    };
    // Bits of its own, each of which has a row.
    (GcrCntl) => {
        $crate::field::FieldKind::Bits
    };
    ($named:ident) => {
        $crate::field::FieldKind::Named($crate::packets::values::$named::NAMES)
    };
}
pub(crate) use field_kind;

/// Getters and checked setters of a packet's addresses.
macro_rules! packet_addresses {
    ($name:ident [$($life:lifetime)?] $text:literal { $(
        $address:ident ($aln:ident $ald:literal [$alh:literal : $all:literal], $ahn:ident $ahd:literal [$ahh:literal : $ahl:literal])
        ($($shift:literal)?) $access:tt ($($on:tt)*) ($($when:tt)*) ;
    )* }) => { ::pastey::paste! {
        impl $(<$life>)? $name $(<$life>)? {
            $(
                const [<ADDRESS_ $address:upper>]: $crate::field::AddressLayout = address_layout!(
                    $address ($aln $ald [$alh : $all], $ahn $ahd [$ahh : $ahl]) ($($shift)?) $access ($($on)*) ($($when)*)
                );

                #[doc = concat!("The address in dwords ", $ald, " and ", $ahd, ", in bytes.")]
                pub fn $address(&self) -> u64 {
                    Self::[<ADDRESS_ $address:upper>].value(&self.head).unwrap_or_default()
                }

                #[doc = concat!("Sets `", stringify!($address), "`, in bytes.\n\n",
                    "# Errors\nWhere the address is unaligned or the packet cannot hold it.")]
                pub const fn [<with_ $address>](mut self, va: u64) -> Result<Self, $crate::field::AddressError> {
                    match Self::[<ADDRESS_ $address:upper>].split($text, va) {
                        Ok((low, high)) => {
                            self.head[$ald - 1] = $crate::field::insert(self.head[$ald - 1], $alh, $all, low >> $all);
                            self.head[$ahd - 1] = $crate::field::insert(self.head[$ahd - 1], $ahh, $ahl, high >> $ahl);
                            Ok(self)
                        }
                        Err(error) => Err(error),
                    }
                }
            )*
        }
    } };
}
pub(crate) use packet_addresses;

/// The description of one address.
macro_rules! address_layout {
    (
        $address:ident ($aln:ident $ald:literal [$alh:literal : $all:literal], $ahn:ident $ahd:literal [$ahh:literal : $ahl:literal])
        ($($shift:literal)?) ($access:ident $(($bytes:literal))?) ($($on:tt)*) ($($when:tt)*)
    ) => {
        $crate::field::AddressLayout {
            name: stringify!($address),
            low: $crate::field::Part { name: stringify!($aln), dword: $ald, hi: $alh, lo: $all },
            high: $crate::field::Part { name: stringify!($ahn), dword: $ahd, hi: $ahh, lo: $ahl },
            shift: 0 $(+ $shift)?,
            access: $crate::field::Access::$access $(($bytes))?,
            on: field_on!($($on)*),
            when: field_when!($($when)*),
        }
    };
}
pub(crate) use address_layout;

/// Where a row exists.
macro_rules! field_on {
    () => { $crate::field::On::ALL };
    ($($on:ident)+) => { $crate::field::On::ALL $(.and($crate::field::On::$on))+ };
}
pub(crate) use field_on;

/// With which selector a row exists.
macro_rules! field_when {
    () => { None };
    ($($when:tt)+) => { Some(selector!($($when)+)) };
}
pub(crate) use field_when;

/// A selector, or several that must all hold.
macro_rules! selector {
    ($dword:literal [$hi:literal : $lo:literal] = $($value:literal)|+ $(&& $($rest:tt)+)?) => {
        $crate::field::When {
            dword: $dword,
            hi: $hi,
            lo: $lo,
            values: &[$($value),+],
            and: selector_and!($($($rest)+)?),
        }
    };
}
pub(crate) use selector;

/// The selector that must hold too.
macro_rules! selector_and {
    () => { None };
    ($($rest:tt)+) => { Some(&selector!($($rest)+)) };
}
pub(crate) use selector_and;

/// What follows a packet's fixed dwords.
macro_rules! packet_tail {
    () => {
        $crate::packets::Tail::None
    };
    ($tail:ident) => {
        $crate::packets::Tail::$tail
    };
    ($tail:ident $space:ident) => {
        $crate::packets::Tail::$tail($crate::registers::Space::$space)
    };
}
pub(crate) use packet_tail;

/// A packet's description.
macro_rules! packet_layout {
    (
        $opcode:ident $text:literal [$head:literal] ($($flags:expr)?) ($($tail:tt)*)
        { $( $field:ident $dword:literal [$hi:literal : $lo:literal] [$kind:ident $($arg:tt)*] ($($on:tt)*) ($($when:tt)*) ; )* }
        { $( $address:ident ($($parts:tt)*) ($($shift:literal)?) $access:tt ($($aon:tt)*) ($($awhen:tt)*) ; )* }
    ) => {
        $crate::packets::PacketLayout {
            opcode: $crate::opcode::Opcode::$opcode,
            name: $text,
            head_dwords: $head,
            tail: packet_tail!($($tail)*),
            flags: 0 $(| $flags)?,
            fields: &[$( $crate::field::FieldLayout {
                name: field_name!($field $kind $($arg)*),
                dword: $dword,
                hi: $hi,
                lo: $lo,
                kind: field_kind!($kind $($arg)*),
                on: field_on!($($on)*),
                when: field_when!($($when)*),
            } ),*],
            addresses: &[$( address_layout!(
                $address ($($parts)*) ($($shift)?) $access ($($aon)*) ($($awhen)*)
            ) ),*],
        }
    };
}
pub(crate) use packet_layout;

/// A packet's fields for `Debug`.
macro_rules! packet_debug {
    ($self:ident $f:ident $name:ident { $(
        $field:ident $dword:literal [$hi:literal : $lo:literal] [$kind:ident $($arg:tt)*] ($($on:tt)*) ($($when:tt)*) ;
    )* }) => {{
        let mut debug = $f.debug_struct(stringify!($name));
        $( debug.field(stringify!($field), &$self.$field()); )*
        debug
    }};
}
pub(crate) use packet_debug;

/// A packet of constants, checked while the crate compiles. Fields that are flags stand after the semicolon.
macro_rules! fixed {
    ($name:ident { $($field:ident: $value:expr),* $(,)? $(; $($flag:ident),+)? }) => { ::pastey::paste! {
        const {
            let packet = $name::new();
            $( let packet = match packet.[<with_ $field>]($value) {
                Ok(packet) => packet,
                Err(_) => panic!("the constant does not fit its field"),
            }; )*
            $( $( let packet = packet.[<with_ $flag>](true); )+ )?
            packet
        }
    } };
}
pub(crate) use fixed;
