//! What makes two databases the same: digests over the rows of each table.

use model::Digest;

use crate::{QueryError, RowError, Sequences, View};

/// What a view holds, in short. Two databases that were fed the same logs up to the same sequences have equal fingerprints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// How far the logs were read.
    pub sequences: Sequences,
    /// Of each table but the one that says where the rows come from.
    pub tables: Vec<TableFingerprint>,
}

/// What a table holds, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableFingerprint {
    /// The table's name.
    pub name: &'static str,
    /// How many rows it has.
    pub n_rows: u64,
    /// Follows from every key and every value, in order.
    pub digest: Digest,
}

impl Fingerprint {
    /// The tables that differ between two databases.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let pairs = self.tables.iter().zip(&other.tables);
        pairs
            .filter(|(mine, other)| mine != other)
            .map(|(mine, _other)| mine.name)
            .collect()
    }

    /// One digest over everything.
    pub fn digest(&self) -> Digest {
        let mut parts: Vec<&[u8]> = Vec::new();
        for table in &self.tables {
            parts.extend([table.name.as_bytes(), table.digest.as_bytes()]);
        }
        Digest::of_parts(&parts)
    }
}

impl View {
    /// Reads every row.
    pub fn fingerprint(&self) -> Result<Fingerprint, QueryError> {
        let mut tables = Vec::new();
        for table in self.tables.derived() {
            let mut digest = Digest::of(table.name.as_bytes());
            for row in table.all()? {
                let (key, value) = row.map_err(RowError::from)?;
                digest = Digest::of_parts(&[digest.as_bytes(), key.value(), value.value()]);
            }
            tables.push(TableFingerprint {
                name: table.name,
                n_rows: table.len()?,
                digest,
            });
        }
        Ok(Fingerprint {
            sequences: self.sequences(),
            tables,
        })
    }
}
