//! Dutch.

use super::Phrases;

pub(super) const PHRASES: Phrases = Phrases {
    offers: &[
        r"\b(waarmee|hoe|wat) (kan|mag|kunnen) (ik|wij|we) (u |je |jou )?(vandaag |verder |nog )?(helpen|van dienst|voor (u|je) (doen|betekenen))",
        r"\b(kan|mag|kunnen) (ik|wij|we) (u |je )?(verder |nog |ergens |nog ergens )+[^.!?]{0,20}(helpen|van dienst|voor (u|je) doen)",
        r"\bis er (nog |verder )?(iets|wat)( anders)? (waarmee|waar) (ik|wij|we)",
        r"\bheeft u (nog|verder) [^.!?]{0,12}vragen",
        r"\baarzel niet om",
    ],
    acts: &[
        r"\b(bedankt|dank u( wel)?) (voor (uw|je) (bericht|geduld|bestelling|vertrouwen|aanvraag)|dat u (contact|ons))",
        r"\bbedankt voor het (contact|opnemen)",
        r"\bik help (u|je) (graag|natuurlijk)",
        r"\b(ik zal|ik ga|laat mij|laat me) (dat |dit |het |even |meteen )*(voor (u|je) )?(nakijken|opzoeken|controleren|checken|regelen|bekijken)[^.!?]{0,20}",
        r"\bik (controleer|bekijk|zoek|regel) (dat |dit |het |even )*(voor (u|je)|uw)\b",
        r"\b(ik heb|wij hebben|we hebben) (uw|jouw|je) [^.!?]{0,40}(geannuleerd|bijgewerkt|geboekt|bevestigd|gewijzigd|geblokkeerd|verwerkt|aangepast|gereserveerd|geregistreerd)",
        r"\b(uw|je) (afspraak|bestelling|boeking|reservering|aanvraag|rekening|kaart|pas) (is|werd|wordt) (nu |inmiddels |al )?(bevestigd|geannuleerd|geboekt|verwerkt|bijgewerkt|gewijzigd|geblokkeerd)",
        r"\bu ontvangt (een|binnen|zo|van ons)\b",
        r"\bwilt u dat ik [^.!?]{0,40}(boek|annuleer|zoek|doorverbind|wijzig|reserveer)",
        r"\b(onze excuses voor|wij bieden onze)",
        r"\b(kunt|mag|zou) (u|ik)( mij)?( alstublieft)? uw (klantnummer|bestelnummer|geboortedatum|volledige naam|reserveringsnummer)[^.!?]{0,10}(geven|doorgeven|hebben|bevestigen)?",
    ],
    reported: &[
        r"\b(u|jullie|collega|medewerker|website|hij|ze)( [a-z']+){0,4} (zei|zeiden|gezegd|zegt|beloofd|beloofde|schreef|geschreven|staat)\b",
    ],
    courtesy: &[
        r"\b(nog iets|iets anders|nog vragen|verder nog|andere vragen)\b",
        r"\b(is dat duidelijk|is dit duidelijk|wist u|uw mening|beoordeling)\b",
    ],
    requests: &[
        r"\b(gelieve|graag|alstublieft) [^.!?]{0,20}(bevestigen|doorgeven|aangeven|antwoorden|kiezen)\b",
        r"\b(bevestig|geef|kies|vertel|laat) (mij |me |ons |even )*(weten|door|uw|of|welke|alstublieft)\b",
        r"\bja ?(/|of) ?nee\b",
        r"\b(ik heb|we hebben) (nog )?(uw|het|een) [^.!?]{0,30}nodig\b",
    ],
    again: &[r"\b(herhalen|nog (een keer|eens)|opnieuw|niet (begrepen|verstaan)|anders verwoorden)\b"],
    greetings: &[
        r"(hallo|hoi|goede(morgen|middag|navond)|goeden? (morgen|middag|avond|dag)|dag|beste)\b",
        r"(mijn naam is|ik heet)\b",
    ],
};
