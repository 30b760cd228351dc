//! Register files to packed tables. The format stands in `pm4/src/registers/table.rs`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::error::Error;
use std::fs::File;
use std::hash::Hash;
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::Value;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The generations that have a table.
const GENERATIONS: [&str; 3] = ["gfx11", "gfx103", "gfx12"];

struct Register {
    name: String,
    offset: u16,
    source: String,
    fields: Vec<Field>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Field {
    name: String,
    lo: u8,
    hi: u8,
    values: Option<Vec<(u16, String)>>,
}

/// The included files, by name, made from the register files of the folder `data`.
pub(crate) fn pack(data: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut generations = Vec::new();
    for name in GENERATIONS {
        let file = File::open(data.join(format!("{name}-registers.json.gz")))?;
        generations.push(read(&serde_json::from_reader(GzDecoder::new(file))?)?);
    }
    let names = Names::new(generations.iter().flatten());
    let mut files = vec![("names.txt".to_owned(), names.text.clone().into_bytes())];
    for (name, registers) in GENERATIONS.into_iter().zip(generations) {
        files.push((format!("{name}.tbl"), table(registers, &names)?));
    }
    Ok(files)
}

fn read(file: &Value) -> Result<Vec<Register>> {
    let mut enums = HashMap::new();
    for (name, entries) in file["enums"].as_object().ok_or("no enums")? {
        let mut values = Vec::new();
        for (entry, number) in entries.as_object().ok_or("an enum without entries")? {
            values.push((u16::try_from(number.as_u64().ok_or("an enum value that is no number")?)?, entry.clone()));
        }
        values.sort();
        enums.insert(name.as_str(), values);
    }
    let mut registers = Vec::new();
    for register in file["registers"].as_array().ok_or("no registers")? {
        let mut fields = Vec::new();
        for field in register["fields"].as_array().ok_or("no fields")? {
            let bit =
                |index: usize| -> Result<u8> { Ok(u8::try_from(field["bits"][index].as_u64().ok_or("no bits")?)?) };
            let values = match field["enum"].as_str() {
                Some(name) => Some(enums.get(name).ok_or_else(|| format!("no enum {name}"))?.clone()),
                None => None,
            };
            fields.push(Field { name: text(&field["name"])?, lo: bit(0)?, hi: bit(1)?, values });
        }
        let offset = text(&register["dword_offset"])?;
        registers.push(Register {
            name: text(&register["name"])?,
            offset: u16::from_str_radix(offset.trim_start_matches("0x"), 16)?,
            source: text(&register["src"])?,
            fields,
        });
    }
    Ok(registers)
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().ok_or("a name is missing")?.to_owned())
}

fn table(mut registers: Vec<Register>, names: &Names) -> Result<Vec<u8>> {
    registers.sort_by(|a, b| (a.offset, rank(&a.source), &a.name).cmp(&(b.offset, rank(&b.source), &b.name)));
    let mut aliases = Vec::new();
    let mut primaries: Vec<Register> = Vec::new();
    for register in registers {
        match primaries.last() {
            Some(primary) if primary.offset == register.offset => aliases.push(register),
            _ => primaries.push(register),
        }
    }
    let offsets = primaries.len();

    let mut pages = vec![(0_u16, 0_u64); 1024];
    for (row, register) in primaries.iter().enumerate() {
        let (first, bits) = &mut pages[usize::from(register.offset / 64)];
        if *bits == 0 {
            *first = u16::try_from(row)?;
        }
        *bits |= 1 << (register.offset % 64);
    }
    let registers: Vec<Register> = primaries.into_iter().chain(aliases).collect();
    let mut by_name: Vec<usize> = (0..registers.len()).collect();
    by_name.sort_by_key(|&row| &registers[row].name);

    let (mut field_lists, mut enums) = (Lists::default(), Lists::default());
    let mut rows = Vec::new();
    for register in &registers {
        let list = field_lists.add(&register.fields)?;
        if list >= 1 << 15 {
            return Err("too many field lists for 15 bits".into());
        }
        let only_linux = u16::from(register.source == "linux") << 15;
        rows.extend(names.reference(&register.name)?.to_le_bytes());
        rows.extend(register.offset.to_le_bytes());
        rows.extend((list | only_linux).to_le_bytes());
    }
    let mut fields = Vec::new();
    for field in &field_lists.rows {
        let list = match &field.values {
            Some(values) => enums.add(values)?,
            None => u16::MAX,
        };
        fields.extend(names.reference(&field.name)?.to_le_bytes());
        fields.extend([field.lo, field.hi]);
        fields.extend(list.to_le_bytes());
    }
    let mut values = Vec::new();
    for (number, name) in &enums.rows {
        values.extend(names.reference(name)?.to_le_bytes());
        values.extend(number.to_le_bytes());
    }

    let mut bytes = b"SPR1".to_vec();
    let lists = [&field_lists.starts, &enums.starts];
    for count in [registers.len(), offsets, lists[0].len(), field_lists.rows.len(), lists[1].len(), enums.rows.len()] {
        bytes.extend(u32::try_from(count)?.to_le_bytes());
    }
    for (first, bits) in pages {
        bytes.extend(first.to_le_bytes());
        bytes.extend(bits.to_le_bytes());
    }
    bytes.extend(rows);
    for row in by_name {
        bytes.extend(u16::try_from(row)?.to_le_bytes());
    }
    bytes.extend(field_lists.packed_starts()?);
    bytes.extend(fields);
    bytes.extend(enums.packed_starts()?);
    bytes.extend(values);
    Ok(bytes)
}

/// Whose name comes first where an offset has several.
fn rank(source: &str) -> u8 {
    match source {
        "mesa+linux" => 0,
        "linux" => 1,
        _ => 2,
    }
}

/// Lists, those with equal contents once.
struct Lists<T> {
    starts: Vec<usize>,
    rows: Vec<T>,
    seen: HashMap<Vec<T>, u16>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self { starts: Vec::new(), rows: Vec::new(), seen: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Lists<T> {
    fn add(&mut self, list: &[T]) -> Result<u16> {
        if let Some(&index) = self.seen.get(list) {
            return Ok(index);
        }
        let index = u16::try_from(self.starts.len())?;
        self.starts.push(self.rows.len());
        self.rows.extend_from_slice(list);
        self.seen.insert(list.to_vec(), index);
        Ok(index)
    }

    fn packed_starts(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for start in self.starts.iter().chain([&self.rows.len()]) {
            bytes.extend(u16::try_from(*start)?.to_le_bytes());
        }
        Ok(bytes)
    }
}

/// One line per name, in order, but none for a name that begins the next.
struct Names {
    text: String,
    positions: BTreeMap<String, usize>,
}

impl Names {
    fn new<'a>(registers: impl Iterator<Item = &'a Register>) -> Self {
        let mut all = BTreeSet::new();
        for register in registers {
            all.insert(register.name.as_str());
            for field in &register.fields {
                all.insert(&field.name);
                all.extend(field.values.iter().flatten().map(|(_, name)| name.as_str()));
            }
        }
        let mut names = Self { text: String::new(), positions: BTreeMap::new() };
        let mut all = all.into_iter().peekable();
        while let Some(name) = all.next() {
            if !all.peek().is_some_and(|next| next.starts_with(name)) {
                names.positions.insert(name.to_owned(), names.text.len());
                names.text.push_str(name);
                names.text.push('\n');
            }
        }
        names
    }

    /// A name's position and length. The first line that isn't before the name is the name or begins with it.
    fn reference(&self, name: &str) -> Result<u32> {
        let (line, &position) = self.positions.range(name.to_owned()..).next().ok_or("a name without a line")?;
        if !line.starts_with(name) || name.len() > 63 || position >= 1 << 26 {
            return Err(format!("the name {name} cannot be referred to").into());
        }
        Ok(u32::try_from(position << 6 | name.len())?)
    }
}
