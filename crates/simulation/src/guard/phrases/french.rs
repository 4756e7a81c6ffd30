//! French.

use super::Phrases;

pub(super) const PHRASES: Phrases = Phrases {
    offers: &[
        r"\b(comment|en quoi|que) (puis-je|puis je|pouvons-nous|je peux|peut-on) (vous |t')?(aider|assister|etre utile|faire pour vous|renseigner)",
        r"\b(puis-je|puis je|pouvons-nous|je peux) (encore |egalement )?(vous )?(aider|assister|etre utile|faire)[^.!?]{0,30}(autre|plus|chose|vous|\?)",
        r"\by a-t-il (autre chose|quelque chose d'autre|un autre)",
        r"\bavez-vous (d'autres|une autre) (question|demande)",
        r"\bn'hesitez pas (a |si )",
    ],
    acts: &[
        r"\bmerci (de|d'avoir|pour) (avoir )?(contacte|choisi|appele|nous (avoir )?contact)[^.!?]{0,10}",
        r"\bmerci (de votre (patience|fidelite|confiance)|pour votre (demande|fidelite|confiance))",
        r"\bje (vais|peux) (tout de suite )?(verifier|consulter|regarder|proceder|annuler|modifier|reserver|traiter|transferer)[^.!?]{0,40}(pour vous|votre (dossier|compte|commande|reservation|demande))",
        r"\bje (consulte|verifie|regarde|traite|transfere|annule) (votre|cela pour vous|ca pour vous)",
        r"\bj'ai (bien )?(annule|modifie|mis a jour|reserve|confirme|enregistre|traite|effectue|bloque|procede|valide) (a )?(votre|vos|le remboursement|l'annulation|la modification)",
        r"\bvotre (rendez-vous|commande|reservation|demande|compte|carte|remboursement|dossier) (est|a ete|a bien ete) (maintenant |bien )?(confirme|annule|reserve|mis a jour|traite|enregistre|rembourse|valide|bloque)",
        r"\bvous (recevrez|allez recevoir) (un|une|votre|prochainement|sous)\b",
        r"\bje (suis (ravi|heureux|heureuse|ravie|la) (de|pour)|serai (ravi|heureux|heureuse|ravie) de) vous (aider|assister)",
        r"\b(nous nous excusons|nous vous prions de|veuillez nous excuser)",
        r"\b(veuillez|pourriez-vous|pouvez-vous)( s'il vous plait)? (me |nous )?(fournir|communiquer|indiquer|donner|preciser|confirmer) votre (numero de (client|dossier|commande|compte|reservation)|date de naissance|nom complet|identifiant)",
        r"\bmerci de patienter\b",
        r"\b(souhaitez-vous|voulez-vous|desirez-vous) que je (reserve|annule|procede|transfere|recherche|modifie|vous)",
        r"\bafin de vous aider\b",
    ],
    reported: &[
        r"\b(vous|il|elle|on|collegue|conseiller|conseillere|agent|site|mail|courrier)( [a-z']+){0,4} (dit|disiez|dites|ecrit|promis|repondu|affirme|annonce|assure)\b",
    ],
    courtesy: &[
        r"\b(autre chose|d'autres questions|autre question|quelque chose d'autre|autre demande)\b",
        r"\b(est-ce (plus )?clair|cela (vous aide|repond)|saviez-vous|votre avis|satisfait)\b",
    ],
    requests: &[
        r"\bveuillez (me |nous )?(confirmer|indiquer|fournir|preciser|repondre|choisir|donner|communiquer)\b",
        r"\b(merci de|confirmez|indiquez|precisez|donnez)(-moi| moi)? (bien vouloir )?(confirmer|indiquer|fournir|preciser|repondre|choisir|votre|que|si)\b",
        r"\boui ?(/|ou) ?non\b",
        r"\b(j'ai|nous avons|il me faut|il nous faut) (encore |aussi )?(besoin (de|d'))",
    ],
    again: &[
        r"\b(repeter|repetez|encore une fois|a nouveau|pas (bien )?(compris|saisi)|reformuler|pardon)\b",
    ],
    greetings: &[
        r"(bonjour|bonsoir|salut|madame|monsieur|coucou)\b",
        r"(je m'appelle|je me presente)\b",
    ],
};
