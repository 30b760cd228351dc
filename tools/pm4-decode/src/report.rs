//! What a decoded dump says, as JSON.
//!
//! Numbers are numbers: offsets and lengths in dwords, registers' values as they are. A field that has a name for its
//! value has it in `names` beside `fields`.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use sparkle_pm4::decode::walk::{Link, NotFollowed};
use sparkle_pm4::decode::{Item, ItemKind, Stray};
use sparkle_pm4::packets::RegisterWrite;
use sparkle_pm4::registers::{Register, Registers};
use sparkle_pm4::{Gfx, Packet, Ring};

/// A map that keeps its order.
pub(crate) struct Map<V>(pub(crate) Vec<(&'static str, V)>);

impl<V: Serialize> Serialize for Map<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
pub(crate) struct PacketReport<'a> {
    stream: usize,
    offset: usize,
    header: u32,
    name: &'a str,
    opcode: u8,
    fields: Map<u64>,
    names: Map<&'static str>,
    writes: Vec<WriteReport>,
    dwords: &'a [u32],
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'static str>,
}

#[derive(Serialize)]
pub(crate) struct WriteReport {
    offset: usize,
    register: &'static str,
    register_dword: u32,
    value: u32,
    fields: Map<u32>,
    names: Map<&'static str>,
}

#[derive(Serialize)]
pub(crate) struct StrayReport<'a> {
    stream: usize,
    offset: usize,
    why: &'static str,
    dwords: &'a [u32],
}

#[derive(Clone, Serialize)]
pub(crate) struct StreamReport {
    pub(crate) stream: usize,
    pub(crate) name: String,
    pub(crate) ring: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) va: Option<String>,
    pub(crate) dwords: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<From>,
}

#[derive(Clone, Serialize)]
pub(crate) struct From {
    pub(crate) stream: usize,
    pub(crate) offset: usize,
    pub(crate) link: &'static str,
}

#[derive(Serialize)]
pub(crate) struct NotFollowedReport {
    pub(crate) stream: usize,
    pub(crate) va: String,
    pub(crate) dwords: usize,
    pub(crate) why: &'static str,
}

pub(crate) fn va(va: u64) -> String {
    format!("{va:#018x}")
}

pub(crate) fn ring_name(ring: Ring) -> &'static str {
    match ring {
        Ring::Compute => "compute",
        Ring::Gfx => "gfx",
    }
}

pub(crate) fn link_name(link: Link) -> &'static str {
    match link {
        Link::Root => "root",
        Link::Call => "call",
        Link::Chain => "chain",
    }
}

pub(crate) fn why_not(why: NotFollowed) -> &'static str {
    match why {
        NotFollowed::NotAtHand => "its bytes are not in the dump",
        NotFollowed::Cycle => "it is open already: the streams call each other in a circle",
        NotFollowed::TooDeep => "too many streams are open one in the other",
        NotFollowed::TooLong => "the walk is as long as it may get",
    }
}

fn stray_name(stray: Stray) -> &'static str {
    match stray {
        Stray::Zeros => "zeros",
        Stray::Type0 => "type-0 header",
        Stray::Type1 => "type-1 header",
        Stray::BadFiller => "type-2 header with other bits set",
        Stray::Truncated { .. } => "packet cut off by the end of the stream",
    }
}

/// One item: a packet (left) or something else (right); nothing for filler.
pub(crate) enum ItemReport<'a> {
    Packet(PacketReport<'a>),
    Stray(StrayReport<'a>),
    Filler,
}

pub(crate) fn item<'a>(stream: usize, offset: usize, item: &'a Item<'a>, gfx: Gfx, ring: Ring) -> ItemReport<'a> {
    match &item.kind {
        ItemKind::Filler => ItemReport::Filler,
        ItemKind::Stray(stray) => {
            ItemReport::Stray(StrayReport { stream, offset, why: stray_name(*stray), dwords: item.words })
        }
        ItemKind::Packet { header, packet } => {
            let registers = Registers::of(gfx.generation());
            let (mut fields, mut names) = (Vec::new(), Vec::new());
            for (field, value) in packet.fields(gfx.generation(), ring) {
                fields.push((field.name, u64::from(value)));
                names.extend(field.meaning(value).map(|name| (field.name, name)));
            }
            for (address, value) in packet.addresses(gfx.generation(), ring) {
                fields.push((address.name, value));
                for part in [address.low, address.high] {
                    fields.extend(part.value(packet.head()).map(|value| (part.name, u64::from(value))));
                }
            }
            let problem = match packet {
                Packet::Opaque(opaque) if opaque.layout.is_some() => Some("its length is none of this packet's"),
                _ => None,
            };
            ItemReport::Packet(PacketReport {
                stream,
                offset,
                header: header.0,
                name: packet.name(gfx.generation()).unwrap_or("unknown"),
                opcode: header.opcode().0,
                fields: Map(fields),
                names: Map(names),
                writes: packet.register_writes().map(|write| register_write(offset, write, registers)).collect(),
                dwords: item.words,
                problem,
            })
        }
    }
}

fn register_write(offset: usize, write: RegisterWrite, registers: Registers) -> WriteReport {
    let register = registers.at(write.register);
    let (mut fields, mut names) = (Vec::new(), Vec::new());
    for field in register.into_iter().flat_map(Register::fields) {
        let value = field.extract(write.value);
        fields.push((field.name(), value));
        names.extend(field.meaning(value).map(|name| (field.name(), name)));
    }
    WriteReport {
        offset: offset + write.dword,
        register: register.map_or("unknown", Register::name),
        register_dword: write.register.dwords(),
        value: write.value,
        fields: Map(fields),
        names: Map(names),
    }
}
