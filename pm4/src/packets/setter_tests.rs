//! A test per packet type, made from the table: what a setter writes and refuses. That the table's own numbers are right
//! is for the comparison with PAL's headers to say.

/// The test of one packet type. `$make` makes a packet of the given fixed dwords.
macro_rules! packet_tests {
    ($name:ident [$head:literal] $make:tt { $(
        $field:ident $dword:literal [$hi:literal : $lo:literal] [$kind:ident $($arg:tt)*] ($($on:tt)*) ($($when:tt)*) ;
    )* } { $(
        $address:ident ($aln:ident $ald:literal [$alh:literal : $all:literal], $ahn:ident $ahd:literal [$ahh:literal : $ahl:literal])
        ($($shift:literal)?) $access:tt ($($aon:tt)*) ($($awhen:tt)*) ;
    )* }) => { ::pastey::paste! {
        mod [<$name:snake _setters>] {
            use super::*;

            #[test]
            fn change_their_bits_and_no_others() {
                for background in [0, u32::MAX, 0xA5A5_5A5A] {
                    let head = [background; $head];
                    let packet = made!($make $name head);
                    let before = $crate::packets::Type3::head(&packet);
                    assert_eq!(before, &[background; $head]);
                    $( field_test!($kind $name packet before $field $dword $hi $lo); )*
                    $( address_test!(packet before $address $ald $alh $all $ahd $ahh $ahl (0 $(+ $shift)?)); )*
                }
            }
        }
    } };
}
pub(crate) use packet_tests;

/// A packet of the given fixed dwords.
macro_rules! made {
    (() $name:ident $head:ident) => {
        $name::from_head($head)
    };
    ((tail) $name:ident $head:ident) => {
        $name::from_head($head, &[])
    };
}
pub(crate) use made;

/// What must hold for one field.
macro_rules! field_test {
    (flag $name:ident $packet:ident $before:ident $field:ident $dword:literal $hi:literal $lo:literal) => {
        ::pastey::paste! {
            for value in [false, true] {
                let packet = $packet.[<with_ $field>](value);
                assert_eq!(packet.$field(), value, stringify!($field));
                let mut expected = $before.to_vec();
                expected[$dword - 1] = expected[$dword - 1] & !(1 << $lo) | u32::from(value) << $lo;
                assert_eq!($crate::packets::Type3::head(&packet), expected, stringify!($field));
            }
        }
    };
    ($kind:ident $name:ident $packet:ident $before:ident $field:ident $dword:literal $hi:literal $lo:literal) => {
        ::pastey::paste! {
            let widest = u32::MAX >> (31 - ($hi - $lo));
            for value in [0, 1, widest / 3, widest] {
                let packet = $packet.[<with_ $field>](field_wrap!($kind, value)).expect(stringify!($field));
                let got = packet.$field();
                assert_eq!(field_unwrap!($kind, got), value, stringify!($field));
                let mut expected = $before.to_vec();
                expected[$dword - 1] = expected[$dword - 1] & !(widest << $lo) | value << $lo;
                assert_eq!($crate::packets::Type3::head(&packet), expected, stringify!($field));
            }
            if let Some(value) = widest.checked_add(1) {
                let error = $packet.[<with_ $field>](field_wrap!($kind, value)).expect_err(stringify!($field));
                assert_eq!((error.owner, error.field), (stringify!($name), stringify!($field)));
                assert_eq!((error.value, error.bits), (u64::from(value), $hi - $lo + 1));
                assert_eq!($crate::packets::Type3::head(&$packet), $before);
            }
        }
    };
}
pub(crate) use field_test;

/// What must hold for one address.
macro_rules! address_test {
    ($packet:ident $before:ident $address:ident $ald:literal $alh:literal $all:literal $ahd:literal $ahh:literal $ahl:literal ($shift:expr)) => {
        ::pastey::paste! {
            let bits = 33 + $ahh + $shift;
            let align = 1_u64 << ($all + $shift);
            let widest = (if bits >= 64 { u64::MAX } else { (1 << bits) - 1 }) & !(align - 1);
            for va in [0, align, 0x1234_5678_9ABC_DEF0 & widest, widest] {
                let packet = $packet.[<with_ $address>](va).expect(stringify!($address));
                assert_eq!(packet.$address(), va, stringify!($address));
                let (low, high) = (u32::MAX >> (31 - ($alh - $all)) << $all, u32::MAX >> (31 - ($ahh - $ahl)) << $ahl);
                let mut expected = $before.to_vec();
                let units = va >> $shift;
                expected[$ald - 1] = expected[$ald - 1] & !low | units as u32 & low;
                expected[$ahd - 1] = expected[$ahd - 1] & !high | (units >> 32) as u32 & high;
                assert_eq!($crate::packets::Type3::head(&packet), expected, stringify!($address));
            }
            if align > 1 {
                assert!($packet.[<with_ $address>](align - 1).is_err(), stringify!($address));
            }
            if bits < 64 {
                assert!($packet.[<with_ $address>](1 << bits).is_err(), stringify!($address));
            }
        }
    };
}
pub(crate) use address_test;
