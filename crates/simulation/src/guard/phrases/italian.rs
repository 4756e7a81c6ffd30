//! Italian.

use super::Phrases;

pub(super) const PHRASES: Phrases = Phrases {
    offers: &[
        r"\b(come|in (che|cosa)|cosa) (posso|possiamo) (aiutar|esser|fare per|assister)",
        r"\b(posso|possiamo) (aiutarla|aiutarti|esserle utile|fare)[^.!?]{0,20}(altro|qualcos|ancora|oggi|\?)",
        r"\bc'e (altro|qualcos'altro|qualcosa) (che|in cui) (posso|possiamo)",
        r"\b(ha|hai) (bisogno di|altre) (altro|domande|richieste)",
        r"\bnon esiti a (contattar|chieder|scriver)",
    ],
    acts: &[
        r"\bgrazie per (averci|aver) (contattat|chiamat|scelt|scritt)",
        r"\bgrazie per la (sua )?(pazienza|fiducia)",
        r"\b(la|ti) aiuto (volentieri|subito|con piacere)",
        r"\b(saro|sono) (lieto|lieta|felice) di (aiutarla|aiutarti|assisterla)",
        r"\b(mi lasci|mi permetta di|lasci che) (verificar|controllar|controlli|verifichi|veder)",
        r"\b(verifico|controllo|procedo|verifichero|controllero) (subito |ora )?(la sua|il suo|per lei|con la sua)",
        r"\b(ho|abbiamo) (gia )?(cancellato|aggiornato|prenotato|confermato|modificato|bloccato|registrato|elaborato|emesso|annullato) (la sua|il suo|le sue|i suoi)\b",
        r"\b(la sua|il suo) (prenotazione|appuntamento|ordine|richiesta|conto|carta|rimborso|volo) (e|e' stat[oa]|e stat[oa]) (ora )?(stat[oa] )?(confermat|cancellat|aggiornat|prenotat|bloccat|annullat|registrat)[oa]",
        r"\bricevera (una|un|la|il|a breve)\b",
        r"\bci scusiamo per (il|l'|gli)",
        r"\b(desidera|vuole|preferisce) che (io )?(proceda|prenoti|annulli|trasferisca|cerchi)\b",
        r"\b(potrebbe|puo|mi puo)( per favore)? (fornirmi|indicarmi|darmi|comunicarmi|fornire|indicare) (il suo (numero|codice|nome)|la sua data)",
    ],
    reported: &[
        r"\b(lei|mi|avete|collega|sito|operatore|operatrice)( [a-z']+){0,3} (detto|dice|diceva|promesso|scritto|assicurato)\b",
    ],
    courtesy: &[
        r"\b(altro che|qualcos'altro|altre domande|qualche domanda|altro)\b",
        r"\b(e tutto chiaro|e chiaro|lo sapeva|la sua opinione)\b",
    ],
    requests: &[
        r"\b(per favore|la prego di|prego),? (confermi|indichi|risponda|scelga|confermare|indicare|fornire|fornisca)\b",
        r"\b(confermi|indichi|risponda|scelga|mi dica|mi indichi|mi confermi) (se|il|la|che|quale|per favore)\b",
        r"\bsi ?(/|o) ?no\b",
        r"\b(ho|abbiamo) bisogno (di|del|della)\b",
    ],
    again: &[r"\b(ripetere|ripeta|ancora una volta|di nuovo|non ho capito|come ha detto)\b"],
    greetings: &[
        r"(buongiorno|buonasera|salve|ciao|buon (giorno|pomeriggio))\b",
        r"(mi chiamo|il mio nome e)\b",
    ],
};
