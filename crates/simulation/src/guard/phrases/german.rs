//! German.

use super::Phrases;

pub(super) const PHRASES: Phrases = Phrases {
    offers: &[
        r"\b(wie|womit|wobei) (kann|darf) (ich|wir) (ihnen|dir|euch)?\s?(heute |noch |sonst )?(weiter)?(helfen|behilflich)",
        r"\bwas (kann|darf) (ich|wir) (heute |noch |sonst )?(fur sie|fur dich) (tun|machen)",
        r"\b(kann|darf) (ich|wir) (ihnen |dir )?(sonst |noch |heute |mit )*(etwas|was|irgendetwas|bei etwas|anderem)?[^.!?]{0,20}(fur sie tun|fur dich tun|(weiter)?helfen|behilflich sein)",
        r"\bhaben sie (noch|sonst|weitere) [^.!?]{0,20}(fragen|anliegen|wunsche)",
        r"\b(bei|fur) (weiteren?|ruckfragen|fragen)( fragen)? (stehe|stehen|helfe|helfen) (ich|wir)",
        r"\b(zogern sie nicht|melden sie sich (gerne|jederzeit))",
    ],
    acts: &[
        r"\b(vielen |herzlichen )?dank(e)? fur (ihre (anfrage|kontaktaufnahme|bestellung|treue)|ihr interesse|ihren anruf bei)",
        r"\bdank(e)?,? dass sie (uns|sich an uns)\b",
        r"\bich (helfe|unterstutze|berate) (ihnen|sie|dir) (sehr )?(gerne?|naturlich|selbstverstandlich)",
        r"\b(gerne?|naturlich|selbstverstandlich) (helfe|unterstutze|prufe|buche|storniere|schaue) ich (ihnen|das fur sie|fur sie|ihre)",
        r"\bich (schaue|prufe|sehe|uberprufe|kummere|buche|storniere|leite|verbinde) [^.!?]{0,40}(fur sie|ihr konto|ihre (daten|buchung|bestellung|angaben))\b",
        r"\bich habe (ihnen |fur sie )?(ihren|ihre|ihr|den|die|das) [^.!?]{0,40}(eingetragen|gebucht|storniert|aktualisiert|vermerkt|bestatigt|angelegt|uberwiesen|hinterlegt|reserviert|freigeschaltet|gesperrt|veranlasst)\b",
        r"\bihr(e|en|em)? (termin|buchung|bestellung|auftrag|konto|karte|reservierung|anfrage|erstattung) (ist|wurde|wird) [^.!?]{0,30}(bestatigt|gebucht|storniert|aktualisiert|eingetragen|bearbeitet|gesperrt|erstattet)",
        r"\bsie (erhalten|bekommen) (in kurze|umgehend|eine bestatigung|von uns)",
        r"\bwir (entschuldigen uns|bitten um (entschuldigung|verstandnis|geduld))",
        r"\b(bitte )?(nennen|geben|teilen) sie (mir|uns) (bitte )?ihr(e|en)? (kundennummer|versichert[a-z]+|bestellnummer|buchungsnummer|geburtsdatum|vertragsnummer)",
        r"\bbitte bringen sie [^.!?]{0,40}\bmit\b",
        r"\bmochten sie,? dass ich [^.!?]{0,40}(buche|storniere|weiterleite|verbinde|suche|andere|reserviere)",
        r"\bum ihnen (weiter)?(zu )?helfen zu konnen\b",
    ],
    reported: &[
        r"\b(sie|er|sie alle|kollege|kollegin|mitarbeiter|mitarbeiterin|bot|man|app|webseite|brief|mail)( [a-z']+){0,4} (gesagt|sagten|sagen|sagt|sagte|meinten|versprochen|geschrieben|steht|behauptet|erklart)\b",
        r"\b(haben|hat|hatten|wurde|hiess) (sie |er |mir |man |uns |ihr |kollege )*(gesagt|versprochen|geschrieben|mitgeteilt|es)\b",
    ],
    courtesy: &[
        r"\b(sonst noch|noch (etwas|fragen|was)|weitere fragen|andere(s|n)? anliegen)\b",
        r"\b(hat (das|ihnen das) geholfen|ist (das|damit) (klar|verstandlich|alles klar|geklart)|wussten sie|bewertung|zufrieden)\b",
    ],
    requests: &[
        r"\b(bitte|konnten sie( mir)?) [^.!?]{0,20}(bestatigen|nennen|geben|antworten|teilen|wahlen|sagen) sie\b",
        r"\b(bestatigen|nennen|antworten|wahlen|sagen|teilen) sie (mir |uns |sich )?(bitte|das|ihre?n?|ob|welche)\b",
        r"\b(ja ?(/|oder) ?nein)\b",
        r"\b(ich|wir) (brauche|benotige|brauchen|benotigen) (noch |dafur |dazu |von ihnen )+",
    ],
    again: &[
        r"\b(noch ?(ein)?mal|erneut|wiederholen|wie bitte|nicht (verstanden|mitbekommen)|anders formulieren)\b",
    ],
    greetings: &[
        r"(hallo|guten (tag|morgen|abend)|moin|servus|gruss gott|gruezi|sehr geehrte)\b",
        r"(mein name ist|ich heisse)\b",
    ],
};
