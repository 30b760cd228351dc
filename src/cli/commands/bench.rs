//! `sparkle-run bench`: the layers of a network, one after the other or on request.

use crate::backend::{Backend, Prepared};
use crate::cli::args::{BenchArgs, Format, Io};
use crate::cli::data::{Elements, Stream};
use crate::cli::device::{self, Chosen, Fallback};
use crate::cli::failure::Failure;
use crate::cli::layers::{self, Layer};
use crate::cli::output;
use crate::cli::report::SCHEMA;
use crate::cli::timing::{self, Samples};
use crate::conv::{ConvProblem, Layout};
use crate::plan::{self, Algorithm};
use serde::Serialize;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::io::{self, BufRead};
use std::time::Duration;

/// Time that measuring the peak beside a layer may take.
const PEAK_BUDGET: Duration = Duration::from_millis(10);

/// Name of the CPU in rows.
const RUNNER: &str = "sparkle-cpu";

/// Request of `--serve` for the FMA peak, where no layer has that name.
const PEAK_REQUEST: &str = "peak";

const SEED: u64 = 0;

/// Measures and prints.
pub(in crate::cli) fn run(args: &BenchArgs) -> Result<(), Failure> {
    let mut layers = layers::load(args.layers.as_deref())?;
    if let Some(pattern) = &args.only {
        let regex = regex_lite::Regex::new(pattern)
            .map_err(|error| Failure::input(format_args!("--only {pattern:?} is no regular expression: {error}")))?;
        layers.retain(|layer| regex.is_match(&layer.name));
        if layers.is_empty() {
            return Err(Failure::input(format_args!("no layer's name matches --only {pattern:?}")));
        }
    }
    let chosen = device::choose(&args.device)?;
    chosen.notes.iter().for_each(|note| output::note(note));
    let bench = Bench { chosen: &chosen, io: args.io, budget: args.budget };
    if args.serve {
        return bench.serve(&layers);
    }
    match args.format {
        Format::Csv => bench.csv(&layers),
        Format::Table => bench.table(&layers),
        Format::Json => bench.json(&layers, &chosen),
    }
}

struct Bench<'a> {
    chosen: &'a Chosen,
    io: Io,
    budget: Duration,
}

/// A layer with its weights packed and its arrays filled.
struct Ready {
    problem: ConvProblem,
    algorithm: Algorithm,
    prepared: Box<dyn Prepared>,
    input: Elements,
    output: Elements,
}

/// One layer's result.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Row {
    runner: &'static str,
    layer: String,
    threads: usize,
    min_us: f64,
    median_us: f64,
    gflops: f64,
}

/// One layer's result beside the peak of the same threads at the same time.
#[derive(Clone, Debug, Serialize)]
struct PeakRow {
    #[serde(flatten)]
    row: Row,
    source_network: String,
    /// `direct`, or Winograd's with the size of its tiles.
    algorithm: String,
    peak_gflops: f64,
    fraction_of_peak: f64,
}

/// Geometric means over the layers of a network.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct NetworkMean {
    source_network: String,
    layers: usize,
    gflops: f64,
    fraction_of_peak: f64,
}

#[derive(Debug, Serialize)]
struct BenchReport<'a> {
    schema: u32,
    command: &'static str,
    device: &'a str,
    isa: String,
    threads: usize,
    math: String,
    fallback: &'a Option<Fallback>,
    layers: Vec<PeakRow>,
    geomeans: Vec<NetworkMean>,
    notes: &'a [String],
}

impl Bench<'_> {
    fn prepare(&self, layer: &Layer) -> Result<Ready, Failure> {
        let cpu = &self.chosen.cpu;
        let problem =
            layer.problem.as_ref().map_err(|error| Failure::input(format_args!("layer {}: {error}", layer.name)))?;
        let layout = match self.io {
            Io::Native => cpu.preferred_layout(problem, self.chosen.maths),
            Io::Nchw => Layout::Nchw,
            Io::Nhwc => Layout::Nhwc,
        };
        let problem = problem.respecify(|spec| spec.layout = layout)?;
        let dtype = problem.spec().dtype;
        let random = |len, what, stream| Elements::random(dtype, len, what, SEED, stream);
        let weights = random(problem.weights_len(), "weights", Stream::Weights)?;
        let plan = plan::plan_for(&problem, cpu.machine(), self.chosen.maths)?;
        Ok(Ready {
            problem,
            algorithm: plan.algorithm,
            prepared: cpu.prepare(&problem, &plan, weights.as_ref(), None)?,
            input: random(problem.input_len(), "input", Stream::Input)?,
            output: Elements::zeros(dtype, problem.output_len(), "output")?,
        })
    }

    fn measure(&self, name: &str, ready: &mut Ready) -> Result<Row, Failure> {
        let Ready { problem, prepared, input, output, .. } = ready;
        let seconds = timing::sample(self.budget, || prepared.run(input.as_ref(), None, output.as_mut()))?;
        let samples = Samples::new(seconds).ok_or_else(|| Failure::system("the clock gave no sample"))?;
        let min_us = samples.min_us();
        Ok(Row {
            runner: RUNNER,
            layer: name.to_owned(),
            threads: self.chosen.cpu.threads(),
            min_us,
            median_us: samples.median_us(),
            gflops: timing::gflops(problem.flops(), min_us),
        })
    }

    fn measure_with_peak(&self, layer: &Layer) -> Result<PeakRow, Failure> {
        let mut ready = self.prepare(layer)?;
        let row = self.measure(&layer.name, &mut ready)?;
        let peak_gflops = self.chosen.cpu.peak_gflops(PEAK_BUDGET);
        let fraction_of_peak = if peak_gflops > 0.0 { row.gflops / peak_gflops } else { 0.0 };
        let (source_network, algorithm) = (layer.network.clone(), ready.algorithm.to_string());
        Ok(PeakRow { row, source_network, algorithm, peak_gflops, fraction_of_peak })
    }

    fn csv(&self, layers: &[Layer]) -> Result<(), Failure> {
        output::print("runner,layer,threads,min_us,median_us,gflops\n")?;
        for layer in layers {
            let row = self.measure(&layer.name, &mut self.prepare(layer)?)?;
            output::print(&csv_row(&row))?;
        }
        Ok(())
    }

    fn table(&self, layers: &[Layer]) -> Result<(), Failure> {
        let width = layers.iter().map(|layer| layer.name.chars().count()).max().unwrap_or(0).max("layer".len());
        let (cpu, isa) = (&self.chosen.cpu, self.chosen.cpu.isa());
        output::print(&format!(
            "{RUNNER}, {isa}, {} threads\n{:<width$} {:>12} {:>12} {:>10} {:>10} {:>7}\n",
            cpu.threads(),
            "layer",
            "min us",
            "median us",
            "GFLOP/s",
            "peak",
            "of peak"
        ))?;
        let mut rows = Vec::new();
        for layer in layers {
            let measured = self.measure_with_peak(layer)?;
            let Row { layer, min_us, median_us, gflops, .. } = &measured.row;
            let (peak, percent) = (measured.peak_gflops, 100.0 * measured.fraction_of_peak);
            output::print(&format!(
                "{layer:<width$} {min_us:>12.2} {median_us:>12.2} {gflops:>10.1} {peak:>10.1} {percent:>6.1}%\n"
            ))?;
            rows.push(measured);
        }
        for NetworkMean { source_network, layers, gflops, fraction_of_peak } in network_means(&rows) {
            let percent = 100.0 * fraction_of_peak;
            output::print(&format!(
                "geometric mean of {source_network} ({layers} layers): {gflops:.1} GFLOP/s, {percent:.1}% of peak\n"
            ))?;
        }
        Ok(())
    }

    fn json(&self, layers: &[Layer], chosen: &Chosen) -> Result<(), Failure> {
        let rows = layers.iter().map(|layer| self.measure_with_peak(layer)).collect::<Result<Vec<_>, _>>()?;
        output::print_json(&BenchReport {
            schema: SCHEMA,
            command: "bench",
            device: chosen.cpu.name(),
            isa: chosen.cpu.isa().to_string(),
            threads: chosen.cpu.threads(),
            math: chosen.maths.to_string(),
            fallback: &chosen.fallback,
            geomeans: network_means(&rows),
            layers: rows,
            notes: &chosen.notes,
        })
    }

    /// Answers names from stdin until it ends. An error on a layer is that layer's answer.
    fn serve(&self, layers: &[Layer]) -> Result<(), Failure> {
        let by_name: HashMap<&str, &Layer> = layers.iter().map(|layer| (layer.name.as_str(), layer)).collect();
        let mut kept: HashMap<&str, Ready> = HashMap::new();
        output::print("READY\n")?;
        let mut stdin = io::stdin().lock();
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = stdin.read_until(b'\n', &mut line).map_err(|error| {
                Failure::System(anyhow::Error::new(error).context("cannot read a layer name from stdin"))
            })?;
            if read == 0 {
                return Ok(());
            }
            let answer = match self.answer(&line, &by_name, &mut kept) {
                Ok(answer) => answer,
                Err(failure) => format!("ERR,{}\n", failure.to_string().replace(['\n', '\r'], " ")),
            };
            output::print(&answer)?;
        }
    }

    fn answer<'l>(
        &self,
        line: &[u8],
        layers: &HashMap<&'l str, &'l Layer>,
        kept: &mut HashMap<&'l str, Ready>,
    ) -> Result<String, Failure> {
        let name = std::str::from_utf8(line).map_err(|_| Failure::input("the layer name is not UTF-8"))?.trim();
        let Some((name, layer)) = layers.get_key_value(name) else {
            if name == PEAK_REQUEST {
                return Ok(format!("{PEAK_REQUEST},{:.3}\n", self.chosen.cpu.peak_gflops(PEAK_BUDGET)));
            }
            return Err(Failure::input(format_args!("no layer is called {name:?}")));
        };
        let ready = match kept.entry(name) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => entry.insert(self.prepare(layer)?),
        };
        self.measure(name, ready).map(|row| csv_row(&row))
    }
}

/// A row as CSV; a name with a comma in it is quoted.
fn csv_row(row: &Row) -> String {
    let Row { runner, layer, threads, min_us, median_us, gflops } = row;
    let layer = if layer.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", layer.replace('"', "\"\""))
    } else {
        layer.clone()
    };
    format!("{runner},{layer},{threads},{min_us:.3},{median_us:.3},{gflops:.3}\n")
}

/// Geometric means by network, in the order of the networks' names.
fn network_means(rows: &[PeakRow]) -> Vec<NetworkMean> {
    let mut networks: BTreeMap<&str, Vec<&PeakRow>> = BTreeMap::new();
    for row in rows {
        networks.entry(&row.source_network).or_default().push(row);
    }
    let mean = |rows: &[&PeakRow], value: fn(&PeakRow) -> f64| {
        (rows.iter().map(|row| value(row).ln()).sum::<f64>() / rows.len() as f64).exp()
    };
    networks
        .into_iter()
        .map(|(network, rows)| NetworkMean {
            source_network: network.to_owned(),
            layers: rows.len(),
            gflops: mean(&rows, |row| row.row.gflops),
            fraction_of_peak: mean(&rows, |row| row.fraction_of_peak),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(layer: &str, network: &str, gflops: f64) -> PeakRow {
        let row = Row { runner: RUNNER, layer: layer.to_owned(), threads: 1, min_us: 1.0, median_us: 2.0, gflops };
        PeakRow {
            row,
            source_network: network.to_owned(),
            algorithm: "direct".to_owned(),
            peak_gflops: 100.0,
            fraction_of_peak: gflops / 100.0,
        }
    }

    #[test]
    fn means_are_geometric_and_by_network() {
        let means = network_means(&[row("a", "x", 2.0), row("b", "y", 5.0), row("c", "x", 8.0)]);
        assert_eq!(means.iter().map(|mean| mean.layers).collect::<Vec<_>>(), [2, 1]);
        assert!((means[0].gflops - 4.0).abs() < 1e-12 && (means[0].fraction_of_peak - 0.04).abs() < 1e-12);
    }

    #[test]
    fn a_name_with_a_comma_stays_one_field() {
        assert_eq!(csv_row(&row("a,\"b", "x", 3.0).row), "sparkle-cpu,\"a,\"\"b\",1,1.000,2.000,3.000\n");
    }
}
