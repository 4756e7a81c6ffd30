//! Judges that are language models, with models that say what the test says.
