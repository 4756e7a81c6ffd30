//! The child must not outlive us, even if we are killed: two servers on one store would destroy it.
//!
//! The program runs itself once more between us and nats-server. That process asks the kernel for a signal at our death and then
//! becomes nats-server, which keeps the request.

use std::{ffi::OsString, os::unix::process::CommandExt as _, process::Command};

use crate::failure::Failure;

/// The first argument that asks for it. It is looked at before the command line is parsed: what follows belongs to the other program.
const COMMAND: &str = "exec-guarded";

/// The command that runs `program` so that it ends when this process does.
pub(super) fn command(program: &std::path::Path) -> Result<tokio::process::Command, Failure> {
    let ourselves = std::env::current_exe()
        .map_err(|source| Failure::bug(format!("the path of this program is not known: {source}")))?;
    let mut command = tokio::process::Command::new(ourselves);
    command
        .arg(COMMAND)
        .arg(std::process::id().to_string())
        .arg(program);
    Ok(command)
}

/// Becomes the program that the arguments name, if they ask for that. Returns a failure only if it cannot.
pub(crate) fn guarded(arguments: impl IntoIterator<Item = OsString>) -> Option<Failure> {
    let mut arguments = arguments.into_iter().skip(1);
    if arguments.next()? != COMMAND {
        return None;
    }
    let parent = arguments.next().and_then(|parent| parent.to_str()?.parse().ok());
    Some(match (parent, arguments.next()) {
        (Some(parent), Some(program)) => exec(parent, &program, arguments),
        (_, _) => Failure::usage(format!("{COMMAND} is for rehearse itself")),
    })
}

fn exec(parent: u32, program: &OsString, arguments: impl IntoIterator<Item = OsString>) -> Failure {
    if let Err(failure) = end_with(parent) {
        return failure;
    }
    let source = Command::new(program).args(arguments).exec();
    Failure::at_path(std::path::Path::new(program), "does not run", &source)
}

#[cfg(target_os = "linux")]
fn end_with(parent: u32) -> Result<(), Failure> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};

    set_parent_process_death_signal(Some(Signal::TERM)).map_err(|source| {
        Failure::bug(format!(
            "the kernel refuses to tell of our parent's death: {source}"
        ))
    })?;
    // It may have died before we asked.
    let alive = getppid().is_some_and(|pid| u32::try_from(pid.as_raw_nonzero().get()) == Ok(parent));
    if alive {
        Ok(())
    } else {
        Err(Failure::bug("the parent process is gone"))
    }
}

/// Other systems have no such signal; an orphan is ended by whoever starts next.
#[cfg(not(target_os = "linux"))]
fn end_with(_parent: u32) -> Result<(), Failure> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_command_lines_are_left_alone() {
        let arguments = |texts: &[&str]| texts.iter().map(OsString::from).collect::<Vec<_>>();
        assert_eq!(guarded(arguments(&["rehearse"])), None);
        assert_eq!(guarded(arguments(&["rehearse", "up", COMMAND])), None);
        assert!(guarded(arguments(&["rehearse", COMMAND])).is_some());
        assert!(guarded(arguments(&["rehearse", COMMAND, "no-number", "/bin/true"])).is_some());
    }
}
