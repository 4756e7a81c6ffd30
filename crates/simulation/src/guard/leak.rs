//! Leaks: a simulated user that shows its reasoning, its brief, or that it is a model.

use regex::Regex;

use super::{
    Known, Step, copied,
    patterns::any,
    text::{quote, words},
};

/// What the answer's form leaves behind, in the text as it is written.
const FORM: [&str; 9] = [
    // Fields of the answer, as JSON or bare.
    r#"["'](?:message|state|reason)["']\s*:"#,
    r#"^\s*(?:```\w*\s*)?\{\s*["']\w+["']\s*:"#,
    r"```(?:json|yaml|xml)\b",
    r"(?i)^\s*\W{0,2}(?:message|response|reply)\W{0,2}:\s",
    r"(?i)\bstate\s*[:=]\s*\W?continuing\b",
    // Fields of the brief.
    r"(?im)^\W*(?:objective|instructions?|persona|scenario|background|opening)\W{0,2}:\s",
    // Reasoning, and the marks of chat templates.
    r"(?i)</?\s*(?:think|thinking|thought|thoughts|reasoning|scratchpad|analysis|reflection|inner_monologue|system|assistant|user|message|response|output|plan)\b[^<>]{0,80}>",
    r"<\|[A-Za-z_]{2,30}\|>|\[/?INST\]|<</?SYS>>",
    r"(?im)^[\s*_\[(<#>]*(?:thought|thoughts|thinking|reasoning|my reasoning|analysis|inner monologue|internal (?:note|thought|monologue)|note to self|chain of thought|scratchpad)[\s*_]*[:\]]|[\[(*]\s*(?:thinking|thought|reasoning|internal|ooc)\s*:",
];

/// What a model says of itself and of its brief, in folded text.
const PHRASES: [&str; 22] = [
    r"\bas (the|a|an) (simulated )?(user|persona),? (i|my|we)\b",
    r"\bas the (customer|caller|patient|client|passenger|guest),? (i|we) (should|must|need to|am supposed|am to|will now|have to)\b",
    r"\bsimulated (user|customer|conversation)\b",
    r"\bmy (objective|persona|scenario|prompt|system prompt|brief) (is|was|says?|tells?|states?|requires?)\b",
    r"\b(my|the|these) instructions (say|said|tell|told|state|require|are to|forbid|do not allow|don't allow) (me|that i|i)\b",
    r"\b(according to|based on|per|following|as per|given) (my (instructions?|scenario|persona|brief|prompt|script|role|objective)|the (scenario|persona|prompt|brief|role[- ]?play))\b",
    r"\b(the|this|my) (scenario|persona|prompt|brief|role[- ]?play) (says|tells|requires|states|asks|does not (say|mention|specify)|doesn't (say|mention|specify))\b",
    r"\b(in|for) this (simulation|role[- ]?play)\b",
    r"\bas an? (ai|a\.i\.|artificial intelligence|(large )?language model|llm)( [a-z]+){0,3},? (i|my)\b",
    r"\bi('m| am) (only |just )?an? (ai|artificial intelligence|(large )?language model|llm|ai language model|ai model|ai assistant)( language)?( model| assistant)?([,.!]| and | so | that | trained|$)",
    r"\b(i am|i'm|i was|i have been|i've been) (instructed|prompted|programmed|supposed|asked|told) to (act|play|pretend|simulate|role[- ]?play|stay in|behave as|impersonate)\b",
    r"\b(stay|staying|stayed|remain|break|breaking|out of|in) character\b",
    r"\b(i (should|must|need to)|let me|i will|i'll) (now )?(respond|reply|answer|act|continue|speak|say) as (the|a) (user|customer|persona|caller|patient)\b",
    r"\bsystem prompt\b",
    // German.
    r"\bals (ki|kunstliche intelligenz|sprachmodell|simulierter? (nutzer|kunde|kundin))\b|\bki-?sprachmodell",
    r"\b(laut|gemass|nach|entsprechend) (meine[mnr]?|der|dem) (anweisung(en)?|szenario|persona|rolle|auftrag|prompt|rollenbeschreibung)\b|\bmeine anweisungen (sagen|besagen|lauten|sind)",
    // French.
    r"\ben tant qu('|e )(ia|intelligence artificielle|modele de langage|modele de langue|utilisat(eur|rice) simule)",
    r"\b(selon|d'apres|conformement a|suivant) (mes (instructions|consignes)|mon (scenario|role|objectif)|le scenario)\b|\bmes (instructions|consignes) (disent|sont|indiquent)",
    // Spanish and Portuguese.
    r"\bcomo (un )?(modelo de (lenguaje|linguagem)|ia\b|inteligencia artificial|usuario simulado|utilizador simulado)|\bmodelo de (lenguaje|linguagem)\b",
    r"\b(segun|siguiendo|conforme a|de acordo com|segundo|seguindo) (mis|las minhas|as minhas|minhas|mi|o meu|meu|el|o) (instrucciones|instrucoes|guion|guiao|escenario|cenario|papel|personaje|persona)\b|\b(mis instrucciones|as minhas instrucoes) (dicen|son|dizem|sao)",
    // Italian.
    r"\b(come|in quanto) (modello linguistico|intelligenza artificiale|ia\b|utente simulato)|\b(secondo|seguendo|in base a(lle)?) (le )?(mie istruzioni|il mio (ruolo|scenario|copione))|\ble mie istruzioni (dicono|sono)",
    // Dutch.
    r"\bals (ai|taalmodel|kunstmatige intelligentie|gesimuleerde (gebruiker|klant))\b|\bai-taalmodel|\b(volgens|op basis van) (mijn (instructies|rol|scenario|opdracht)|het scenario)\b|\bmijn instructies (zeggen|zijn)",
];

/// Finds leaks.
#[derive(Debug)]
pub(super) struct Leaks {
    form: Regex,
    phrases: Regex,
}

impl Leaks {
    pub(super) fn new() -> Self {
        Self {
            form: any(FORM),
            phrases: any(PHRASES),
        }
    }

    /// What is wrong: something that the agent must not see stands in the message.
    pub(super) fn find(&self, step: &Step<'_>, known: &Known<'_>) -> Option<String> {
        if let Some(found) = self.form.find(step.raw) {
            return Some(format!(
                "{} does not belong into the message. Write the user's words only: no fields, no tags, no thoughts.",
                quote(found.as_str())
            ));
        }
        // What the conversation says already is repeated, not leaked.
        let told = self.phrases.find_iter(&step.spoken).find(|found| {
            let told = words(found.as_str()).join(" ");
            !known
                .turns
                .iter()
                .any(|turn| words(&turn.text).join(" ").contains(&told))
        });
        if let Some(told) = told {
            return Some(format!(
                "{} tells that you play a part. The agent must not hear of your instructions or of what you are.",
                quote(told.as_str())
            ));
        }
        let copied = copied::run(&step.words, known)?;
        Some(format!(
            "{} is copied from your brief, which is written to you. Say it as the user would, in the first person.",
            quote(&copied)
        ))
    }
}
