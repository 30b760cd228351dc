//! PNG pictures as planes of f32.
//!
//! Samples are scaled to 0..1 as they are stored, without undoing the picture's gamma, as picture editors' filters do.
//! Transparency, bit depth and the colour profile travel along untouched.

#[cfg(test)]
mod tests;

use png::{BitDepth, ColorType, Decoder, Encoder, Transformations};
use std::borrow::Cow;
use std::io::{self, BufRead, Seek, Write};

/// The largest picture read, in pixels: 16384 x 16384, of which the planes take 3 GiB.
const MAX_PIXELS: u64 = 1 << 28;

/// Why a `.png` could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// It is no PNG, or a broken one.
    #[error("it is no readable PNG")]
    Png(#[from] png::DecodingError),
    /// The picture is too large.
    #[error("it is {width} x {height} pixels; the limit is {MAX_PIXELS} pixels in all")]
    TooLarge {
        /// Width, pixels.
        width: u32,
        /// Height, pixels.
        height: u32,
    },
    /// The picture does not fit into memory.
    #[error("there is not enough memory for its {width} x {height} pixels")]
    Memory {
        /// Width, pixels.
        width: u32,
        /// Height, pixels.
        height: u32,
    },
}

impl ImageError {
    /// Whether the system refused, and not the contents are wrong.
    pub fn is_system(&self) -> bool {
        match self {
            Self::Png(png::DecodingError::IoError(error)) => super::is_system(error),
            Self::Memory { .. } => true,
            _ => false,
        }
    }
}

/// A picture to compute with.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Gray, or red, green and blue: `[channels][height][width]`, 0 = black, 1 = full. Values outside are clamped when
    /// the picture is written, NaN becomes black.
    pub planes: Vec<f32>,
    /// Transparency as stored, one sample a pixel.
    alpha: Option<Vec<u16>>,
    /// Size, colour type, bit depth and colour profile, for writing it as it was read.
    info: png::Info<'static>,
}

impl Picture {
    /// Reads a PNG: gray, RGB or palette, with or without alpha, 1 to 16 bits, interlaced or not; of an animation the
    /// still picture. Palettes become RGB, fewer than 8 bits become 8.
    ///
    /// # Errors
    /// [`ImageError`]: it is no PNG, broken, truncated, or too large.
    pub fn read(reader: impl BufRead + Seek) -> Result<Self, ImageError> {
        let mut decoder = Decoder::new(reader);
        decoder.set_transformations(Transformations::EXPAND);
        let mut reader = decoder.read_info()?;
        let (width, height) = reader.info().size();
        if u64::from(width) * u64::from(height) > MAX_PIXELS {
            return Err(ImageError::TooLarge { width, height });
        }
        let memory = || ImageError::Memory { width, height };
        let bytes = reader.output_buffer_size().ok_or_else(memory)?;
        let mut samples = zeroed(bytes).ok_or_else(memory)?;
        let frame = reader.next_frame(&mut samples)?;
        // To the end of the file, so that a truncated or damaged rest does not pass for a whole picture.
        reader.finish()?;

        let mut info = png::Info::with_size(width, height);
        (info.color_type, info.bit_depth) = (frame.color_type, frame.bit_depth);
        let source = reader.info();
        (info.srgb, info.source_gamma) = (source.srgb, source.gama_chunk);
        (info.source_chromaticities, info.pixel_dims) = (source.chrm_chunk, source.pixel_dims);
        info.icc_profile = source.icc_profile.as_ref().map(|profile| Cow::Owned(profile.to_vec()));

        let mut picture = Self { planes: Vec::new(), alpha: None, info };
        picture.planes = zeroed(picture.channels() * picture.pixels()).ok_or_else(memory)?;
        if matches!(frame.color_type, ColorType::GrayscaleAlpha | ColorType::Rgba) {
            picture.alpha = Some(zeroed(picture.pixels()).ok_or_else(memory)?);
        }
        match frame.bit_depth {
            BitDepth::Sixteen => picture.set_samples(samples.as_chunks().0, u16::from_be_bytes),
            _ => picture.set_samples(samples.as_chunks().0, |[sample]| u16::from(sample)),
        }
        Ok(picture)
    }

    /// Writes a PNG of the depth and colour type that were read. Samples are clamped and rounded to the nearest.
    ///
    /// # Errors
    /// What `out` reports.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let (pixels, scale) = (self.pixels(), self.scale());
        let sample_bytes = if self.info.bit_depth == BitDepth::Sixteen { 2 } else { 1 };
        let mut bytes = Vec::with_capacity(pixels * self.info.color_type.samples() * sample_bytes);
        for pixel in 0..pixels {
            let colors = self.planes.iter().skip(pixel).step_by(pixels).map(|value| quantize(*value, scale));
            for sample in colors.chain(self.alpha.iter().map(|alpha| alpha[pixel])) {
                bytes.extend_from_slice(&sample.to_be_bytes()[2 - sample_bytes..]);
            }
        }
        let encoder = Encoder::with_info(out, self.info.clone()).map_err(to_io)?;
        let mut writer = encoder.write_header().map_err(to_io)?;
        writer.write_image_data(&bytes).map_err(to_io)?;
        writer.finish().map_err(to_io)
    }

    /// Planes: 1 or 3.
    pub const fn channels(&self) -> usize {
        match self.info.color_type {
            ColorType::Grayscale | ColorType::GrayscaleAlpha => 1,
            ColorType::Rgb | ColorType::Rgba | ColorType::Indexed => 3,
        }
    }

    /// Height and width, pixels.
    pub const fn size(&self) -> [usize; 2] {
        [self.info.height as usize, self.info.width as usize]
    }

    const fn pixels(&self) -> usize {
        let [height, width] = self.size();
        height * width
    }

    /// The sample of a full channel.
    const fn scale(&self) -> f32 {
        if matches!(self.info.bit_depth, BitDepth::Sixteen) { u16::MAX as f32 } else { u8::MAX as f32 }
    }

    /// Sorts interleaved samples into the planes and alpha.
    fn set_samples<const BYTES: usize>(&mut self, samples: &[[u8; BYTES]], convert: fn([u8; BYTES]) -> u16) {
        let (pixels, channels, scale) = (self.pixels(), self.channels(), self.scale());
        for (index, pixel) in samples.chunks_exact(self.info.color_type.samples()).enumerate() {
            for (channel, sample) in pixel.iter().take(channels).enumerate() {
                self.planes[channel * pixels + index] = f32::from(convert(*sample)) / scale;
            }
            if let (Some(alpha), Some(sample)) = (&mut self.alpha, pixel.get(channels)) {
                alpha[index] = convert(*sample);
            }
        }
    }
}

/// The sample nearest to `value`. CAST: saturates, and turns NaN into 0.
fn quantize(value: f32, scale: f32) -> u16 {
    (value.clamp(0.0, 1.0) * scale).round() as u16
}

fn zeroed<T: Clone + Default>(len: usize) -> Option<Vec<T>> {
    let mut values = Vec::new();
    values.try_reserve_exact(len).ok()?;
    values.resize(len, T::default());
    Some(values)
}

fn to_io(error: png::EncodingError) -> io::Error {
    match error {
        png::EncodingError::IoError(error) => error,
        error => io::Error::other(error),
    }
}
