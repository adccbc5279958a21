//! Putting a text into a coding, piece by piece.

use super::coding::Coding;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use std::io::{self, Write};

/// How hard it is tried: as far as a text takes about as long as it takes to be sent.
const GZIP: u32 = 6;
const BROTLI: u32 = 5;
const ZSTANDARD: i32 = 5;
/// How far back repetitions are looked for, as a power of two: what bounds the memory of one that is under way to about a
/// mebibyte, and is more than most texts have.
const WINDOW: u32 = 18;
const BUFFER: usize = 4096;

/// A coding that is being made. Which one is known here alone: whoever holds it drops it without a copy of the library's
/// code, of which brotli's takes long to build.
pub(super) struct Encoder(Box<dyn Coder>);

impl Encoder {
    pub(super) fn new(coding: Coding) -> io::Result<Self> {
        let out = Vec::new();
        Ok(Self(match coding {
            Coding::Brotli => Box::new(brotli::CompressorWriter::new(out, BUFFER, BROTLI, WINDOW)),
            Coding::Zstandard => {
                let mut encoder = zstd::stream::write::Encoder::new(out, ZSTANDARD)?;
                encoder.window_log(WINDOW)?;
                Box::new(encoder)
            }
            Coding::Gzip => Box::new(GzEncoder::new(out, Compression::new(GZIP))),
            Coding::Deflate => Box::new(ZlibEncoder::new(out, Compression::new(GZIP))),
            Coding::Identity => Box::new(out),
        }))
    }

    /// Takes a piece of the text, and gives what there is of its coding by now.
    pub(super) fn push(&mut self, piece: &[u8]) -> io::Result<Vec<u8>> {
        self.0.write_all(piece)?;
        Ok(std::mem::take(self.0.out()))
    }

    /// The end of the coding.
    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        self.0.finish()
    }
}

/// A writer of a coding.
trait Coder: Write + Send + Sync {
    /// What was written of the coding and not yet taken.
    fn out(&mut self) -> &mut Vec<u8>;

    /// Writes what is left, and gives it.
    fn finish(self: Box<Self>) -> io::Result<Vec<u8>>;
}

impl Coder for brotli::CompressorWriter<Vec<u8>> {
    fn out(&mut self) -> &mut Vec<u8> {
        self.get_mut()
    }

    fn finish(self: Box<Self>) -> io::Result<Vec<u8>> {
        Ok(self.into_inner())
    }
}

impl Coder for zstd::stream::write::Encoder<'static, Vec<u8>> {
    fn out(&mut self) -> &mut Vec<u8> {
        self.get_mut()
    }

    fn finish(self: Box<Self>) -> io::Result<Vec<u8>> {
        (*self).finish()
    }
}

impl Coder for GzEncoder<Vec<u8>> {
    fn out(&mut self) -> &mut Vec<u8> {
        self.get_mut()
    }

    fn finish(self: Box<Self>) -> io::Result<Vec<u8>> {
        (*self).finish()
    }
}

impl Coder for ZlibEncoder<Vec<u8>> {
    fn out(&mut self) -> &mut Vec<u8> {
        self.get_mut()
    }

    fn finish(self: Box<Self>) -> io::Result<Vec<u8>> {
        (*self).finish()
    }
}

impl Coder for Vec<u8> {
    fn out(&mut self) -> &mut Vec<u8> {
        self
    }

    fn finish(self: Box<Self>) -> io::Result<Vec<u8>> {
        Ok(*self)
    }
}

/// All of a text at once.
pub(super) fn compress(coding: Coding, text: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = Encoder::new(coding)?;
    let mut out = encoder.push(text)?;
    out.append(&mut encoder.finish()?);
    Ok(out)
}

/// What `coded` was before, as others read it.
#[cfg(test)]
pub(super) fn decompress(coding: Coding, coded: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut text = Vec::new();
    match coding {
        Coding::Brotli => brotli::Decompressor::new(coded, BUFFER).read_to_end(&mut text),
        Coding::Zstandard => zstd::stream::read::Decoder::new(coded)
            .expect("a decoder")
            .read_to_end(&mut text),
        Coding::Gzip => flate2::read::GzDecoder::new(coded).read_to_end(&mut text),
        Coding::Deflate => flate2::read::ZlibDecoder::new(coded).read_to_end(&mut text),
        Coding::Identity => {
            text.extend_from_slice(coded);
            Ok(text.len())
        }
    }
    .expect("it is whole");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn what_is_compressed_in_pieces_is_the_text(
            pieces in prop::collection::vec(prop::collection::vec(0u8..4, 0..5000), 0..8),
            coding in 0usize..5,
        ) {
            let coding = Coding::ALL[coding];
            let mut encoder = Encoder::new(coding).expect("an encoder");
            let mut coded = Vec::new();
            for piece in &pieces {
                coded.extend(encoder.push(piece).expect("it is taken"));
            }
            coded.extend(encoder.finish().expect("it ends"));
            prop_assert_eq!(decompress(coding, &coded), pieces.concat());
        }
    }

    #[test]
    fn a_text_is_smaller_afterwards() {
        let text = b"Nothing is lost in silence. ".repeat(1000);
        for coding in &Coding::ALL[..4] {
            let coded = compress(*coding, &text).expect("it is compressed");
            assert!(coded.len() < text.len() / 10, "{coding:?}");
        }
    }
}
