//! Spanish.

use super::Phrases;

pub(super) const PHRASES: Phrases = Phrases {
    offers: &[
        r"\b(en que|como|que) (puedo|podemos|le puedo|te puedo) (hacer por |hoy )?(ayudar|asistir|servir|usted|ti\b)",
        r"\b(puedo|podemos) (ayudarle|ayudarte|asistirle|servirle|hacer)[^.!?]{0,20}(algo|en que|otra|mas|hoy|\?)",
        r"\bhay algo mas (en|con) (lo )?que (pueda|puedo|podamos)",
        r"\b(necesita|desea|tiene) (algo mas|alguna otra (cosa|consulta|pregunta|duda))",
        r"\bno dude en (contactar|preguntar|llamar|escribir|consultar)",
    ],
    acts: &[
        r"\bgracias por (contactar|comunicarse|llamar a|ponerse en contacto|elegir|su (paciencia|preferencia|confianza))",
        r"\b(con (mucho )?gusto|encantad[oa] de) (le|te|ayudarle|ayudarte|lo) ?(ayudo|ayudare|atiendo|asisto)?",
        r"\b(dejeme|permitame|permita que) (que )?(verificar|verifique|revisar|revise|consultar|consulte|comprobar|compruebe|buscar|busque|ver)\b",
        r"\b(voy a|ahora mismo) (verificar|revisar|consultar|comprobar|procesar|cancelar|bloquear|tramitar|verifico|reviso|compruebo) (su|sus|eso por usted)\b",
        r"\b(he|hemos) (cancelado|actualizado|procesado|reservado|confirmado|bloqueado|tramitado|modificado|solicitado|registrado|emitido|reembolsado) (su|sus)\b",
        r"\bsu (cita|pedido|reserva|solicitud|cuenta|tarjeta|reembolso|vuelo) (ha sido|ya esta|esta|fue|queda) (ya )?(confirmad|cancelad|actualizad|procesad|reservad|bloquead|tramitad|registrad)[oa]",
        r"\b(recibira|le llegara) (un|una|su) (correo|confirmacion|mensaje|sms|e-?mail)",
        r"\b(lamentamos|disculpe) (las molestias|los inconvenientes|el inconveniente)",
        r"\b(podria|puede|me puede|por favor)( por favor)?,? ?(proporcionarme|indicarme|facilitarme|darme|indiqueme|proporcioneme|facilite) su (numero de (cliente|pedido|cuenta|reserva)|dni|fecha de nacimiento|nombre completo|codigo de reserva)",
        r"\bestoy aqui para ayudar",
        r"\b(desea|quiere|le gustaria) que (le |lo |la |se )?(reserve|busque|transfiera|cancele|proceda|tramite|bloquee)\b",
    ],
    reported: &[
        r"\b(usted|ustedes|me|companer[oa]|agente|web|el|ella)( [a-z']+){0,3} (dijo|dijeron|dicho|dice|dicen|prometi[oe]ron|prometio|aseguro|escribio|comento)\b",
    ],
    courtesy: &[
        r"\b(algo mas|otra (cosa|consulta|pregunta|duda)|alguna (pregunta|duda))\b",
        r"\b(le ha quedado claro|queda claro|sabia que|su opinion|valoracion)\b",
    ],
    requests: &[
        r"\bpor favor,? (confirme|indique|responda|elija|digame|facilite|proporcione|indiqueme)\b",
        r"\b(confirme|indique|responda|digame|indiqueme|facilite|elija) (si|su|sus|que|cual|por favor|el|la)\b",
        r"\bsi ?(/|o) ?no\b",
        r"\b(necesito|necesitamos) (que |su |el |la |saber)",
    ],
    again: &[r"\b(repetir|repita|otra vez|de nuevo|no (le )?(he )?(entendi|entendido))\b"],
    greetings: &[
        r"(hola|buenos dias|buenas (tardes|noches)|buenas)\b",
        r"(me llamo|mi nombre es)\b",
    ],
};
