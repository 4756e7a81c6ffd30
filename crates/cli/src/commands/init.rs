//! `init`: a small commented suite to start from, with an agent that needs nothing but Python.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::{
    app::{DONE, Done},
    failure::Failure,
    output::Output,
};

/// The suite's files.
const FILES: [(&str, &str); 3] = [
    ("suite.yaml", include_str!("init/suite.yaml")),
    ("agent.py", include_str!("init/agent.py")),
    ("README.md", include_str!("init/README.md")),
];
/// What stands in the files for the directory they are written to.
const DIRECTORY: &str = "@DIRECTORY@";

/// What `init` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse init
  rehearse init my-suite")]
pub(crate) struct Arguments {
    /// The directory to write to
    #[arg(default_value = "suite")]
    directory: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, output: Output) -> Done {
    let directory = &arguments.directory;
    fs::create_dir_all(directory)
        .map_err(|source| Failure::at_path(directory, "the directory cannot be made", &source))?;
    if let Some((name, _)) = FILES.iter().find(|(name, _)| directory.join(name).exists()) {
        return Err(Failure::usage(format!(
            "{}: exists already; nothing was written",
            directory.join(name).display()
        ))
        .help("Name another directory: `rehearse init DIR`.")
        .into());
    }
    let absolute = std::path::absolute(directory)
        .map_err(|source| Failure::at_path(directory, "has no absolute path", &source))?;
    let Some(shown) = absolute.to_str() else {
        return Err(Failure::usage(format!(
            "{}: is not UTF-8, so no suite can name it",
            directory.display()
        ))
        .into());
    };
    // JSON's strings are YAML's double-quoted ones.
    let quoted = serde_json::Value::String(shown.to_owned()).to_string();
    for (name, text) in FILES {
        write_new(&directory.join(name), &text.replace(DIRECTORY, &quoted))?;
    }
    let files: Vec<String> = FILES
        .iter()
        .map(|(name, _)| directory.join(name).display().to_string())
        .collect();
    output.value(&files, || files.join("\n"))?;
    let directory = directory.display();
    output.note(&format!(
        "Next, with a server running (rehearse up --data-dir data):\n  \
         rehearse apply -f {directory} --data-dir data\n  \
         rehearse run first --data-dir data"
    ));
    DONE
}

fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| Failure::at_path(path, "cannot be written", &source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite_files::{Source, read};

    #[test]
    fn the_example_is_a_valid_suite() {
        let (_, text) = FILES
            .iter()
            .find(|(name, _)| *name == "suite.yaml")
            .expect("it is one of the files");
        let text = text.replace(DIRECTORY, "\"/somewhere\"");
        let suite = read(vec![Source::new("suite.yaml", text)]).expect("it is valid");
        assert!(suite.warnings.is_empty(), "{:?}", suite.warnings.lines(false));
    }

    #[test]
    fn nothing_is_overwritten() {
        let temp = tempfile::tempdir().expect("a directory");
        let arguments = Arguments {
            directory: temp.path().join("suite"),
        };
        let output = Output::new(crate::output::Format::Table, true);
        run(&arguments, output).expect("the directory is new");
        let agent = arguments.directory.join("agent.py");
        fs::write(&agent, "mine").expect("it can be changed");
        assert!(run(&arguments, output).is_err());
        assert_eq!(fs::read_to_string(agent).expect("it is there"), "mine");
    }
}
