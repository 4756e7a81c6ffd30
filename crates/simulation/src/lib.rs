//! Everything that talks to agents: simulated users, connections to agents under test, and judges.
//!
//! The only crate with outbound HTTP and child processes. It holds no state between calls but connection pools and what it read of recordings, knows
//! neither the log nor the store, and decides nothing: a worker drives it with what the conversation engine asks for.
//!
//! Everything it is given is hostile: what agents say, what people write into scripts, templates, expressions and
//! schemas. So every input has a limit, every evaluation a budget, and every wait a deadline.

mod agent;
mod briefing;
mod cassette;
mod check;
mod excerpt;
mod expression;
pub mod guard;
mod isolated;
mod judge;
mod llm;
mod net;
mod pattern;
mod probe;
mod secrets;
mod template;
#[cfg(test)]
mod test_support;
mod user;
mod view;

pub use agent::{
    AgentCall, AgentError, AgentReply, AgentSession, Agents, AgentsOptions, PullError, PullPort,
};
pub use briefing::{Briefing, BriefingError};
pub use cassette::{Cassette, CassetteError, CassetteMode, CassetteOptions, Cassettes};
pub use check::{Finding, check_connection, check_metric, check_script};
pub use judge::{
    Confusion, Disagreement, JudgeCheck, JudgeReport, Judged, Labelled, MAX_MATERIAL_BYTES, Material,
    Numbers, check_judge, evaluate,
};
pub use llm::{
    Answer, AnswerSchema, Ask, AskError, Budget, BudgetLimits, ConversationModels, LanguageModels,
    LanguageModelsError, LanguageModelsOptions, Message, MessageRole, ModelSource, NoModels, Prices,
    PricesError, Purpose, Question, price_of, recorded,
};
pub use net::{Reach, ReachError};
pub use probe::probe;
pub use secrets::{SecretSource, Secrets};
pub use user::{SimulatedUser, UserError, UserMove, UserStep, simulated_user};
