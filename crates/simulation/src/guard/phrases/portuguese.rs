//! Portuguese.

use super::Phrases;

pub(super) const PHRASES: Phrases = Phrases {
    offers: &[
        r"\b(como|em que|no que|o que) (posso|podemos|lhe posso) (ajud|ser util|fazer por|auxili)",
        r"\b(posso|podemos) (ajuda-l[oa]|ajudar|ajuda-lo|ser util|fazer)[^.!?]{0,20}(mais|algo|outra|hoje|\?)",
        r"\b(ha|tem|existe) (mais )?(algo|alguma coisa|mais alguma)[^.!?]{0,12} (em que|que) (posso|possa|podemos)",
        r"\b(precisa|deseja|gostaria) de mais alguma (coisa|ajuda)",
        r"\bnao hesite em (contact|pergunt|escrev|ligar)",
    ],
    acts: &[
        r"\bobrigad[oa] por (entrar em contato|entrar em contacto|contactar|contatar|ligar para|escolher|nos (contactar|contatar)|sua paciencia|aguardar)",
        r"\b(terei|tenho) (todo o |muito )?(prazer|gosto) em (ajud|auxili)",
        r"\b(com (todo o |muito )?(prazer|gosto)|claro),? (eu )?(ajudo|vou ajud|posso ajuda-l)",
        r"\b(deixe-me|permita-me|vou|irei) (ja |agora )?(verificar|consultar|confirmar|processar|cancelar|alterar) (o seu|a sua|os seus|as suas|isso para|seu|sua)",
        r"\b(cancelei|atualizei|reservei|confirmei|alterei|bloqueei|registei|registrei|processei|emiti) (o seu|a sua|seu|sua)\b",
        r"\b(o seu|a sua|seu|sua) (voo|reserva|pedido|encomenda|consulta|cartao|conta|reembolso) (foi|esta|ja foi|ja esta) (agora )?(confirmad|cancelad|alterad|atualizad|bloquead|registad|registrad|processad)[oa]",
        r"\b(recebera|vai receber) (um|uma|o|a) (e-?mail|confirmacao|mensagem|sms)",
        r"\b(lamentamos|pedimos desculpa|pedimos desculpas) (o|pelo|pelos|por)\b",
        r"\b(deseja|gostaria|quer) que eu (reserve|cancele|proceda|transfira|procure|altere)\b",
        r"\b(poderia|pode|por favor)( por favor)?,? (fornecer|indicar|informar|dizer|confirmar|indique|informe)(-me)? (o seu|a sua|seu|sua) (numero|codigo|nome completo|data de nascimento|nif|cpf|reserva)",
    ],
    reported: &[
        r"\b(voce|me|disse|colega|site|senhora?|agente)( [a-z'-]+){0,3} (disse|disseram|diz|prometeu|prometeram|escreveu|garantiu)\b",
    ],
    courtesy: &[
        r"\b(mais alguma coisa|algo mais|alguma (duvida|pergunta|questao)|outra (duvida|questao))\b",
        r"\b(ficou claro|esta claro|sabia que|a sua opiniao|avaliacao)\b",
    ],
    requests: &[
        r"\bpor favor,? (confirme|indique|responda|escolha|diga|informe|forneca)\b",
        r"\b(confirme|indique|responda|escolha|diga-me|informe) (se|o|a|que|qual|por favor)\b",
        r"\bsim ?(/|ou) ?nao\b",
        r"\b(preciso|precisamos) (que|do|da|de saber)\b",
    ],
    again: &[r"\b(repetir|repita|outra vez|de novo|novamente|nao (percebi|entendi))\b"],
    greetings: &[
        r"(ola|bom dia|boa (tarde|noite)|oi)\b",
        r"(chamo-me|o meu nome e|meu nome e)\b",
    ],
};
