//! Rewrites an expression so that every operand and every round of a comprehension is charged to a budget.
//!
//! What an operation costs follows from the size of its operands, so operands are what is charged: those of calls and
//! operators, the members of literals, and what comprehensions range over, which pays for their rounds too. Operators that
//! only choose among their operands are charged a flat tick. Names, literals and field selections cost nothing by
//! themselves. The shapes that the evaluator recognizes in expanded macros (`@result + [x]`) are left as they are.

use std::collections::BTreeSet;

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, operators};

use super::budget::{CHARGE, MATCHES, TICK};

/// The depth of the tree; none if it is more than `left`.
pub(super) fn depth(node: &IdedExpr, left: usize) -> Option<usize> {
    let left = left.checked_sub(1)?;
    let mut deepest = 0;
    for child in children(node) {
        deepest = deepest.max(depth(child, left)?);
    }
    Some(deepest + 1)
}

fn children(node: &IdedExpr) -> Vec<&IdedExpr> {
    match &node.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::Comprehension(loop_) => vec![
            &loop_.iter_range,
            &loop_.accu_init,
            &loop_.loop_cond,
            &loop_.loop_step,
            &loop_.result,
        ],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Select(select) => vec![&*select.operand],
        Expr::Map(map) => map.entries.iter().flat_map(entry_children).collect(),
        Expr::Struct(strct) => strct.entries.iter().flat_map(entry_children).collect(),
    }
}

fn entry_children(entry: &IdedEntryExpr) -> Vec<&IdedExpr> {
    match &entry.expr {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}

/// The names that no comprehension around them declares.
pub(super) fn free_variables<'e>(node: &'e IdedExpr, bound: &mut Vec<&'e str>, free: &mut BTreeSet<String>) {
    match &node.expr {
        Expr::Ident(name) => {
            if !bound.contains(&name.as_str()) {
                free.insert(name.clone());
            }
        }
        Expr::Comprehension(loop_) => {
            free_variables(&loop_.iter_range, bound, free);
            free_variables(&loop_.accu_init, bound, free);
            let outer = bound.len();
            bound.extend([loop_.iter_var.as_str(), loop_.accu_var.as_str()]);
            bound.extend(loop_.iter_var2.as_deref());
            for part in [&loop_.loop_cond, &loop_.loop_step, &loop_.result] {
                free_variables(part, bound, free);
            }
            bound.truncate(outer);
        }
        Expr::Unspecified
        | Expr::Literal(_)
        | Expr::Call(_)
        | Expr::List(_)
        | Expr::Map(_)
        | Expr::Select(_)
        | Expr::Struct(_) => {
            for child in children(node) {
                free_variables(child, bound, free);
            }
        }
    }
}

/// The expression with its charges.
pub(super) fn instrument(node: IdedExpr) -> IdedExpr {
    let expr = match node.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => node.expr,
        Expr::Call(call) => Expr::Call(instrument_call(call)),
        Expr::Comprehension(loop_) => Expr::Comprehension(Box::new(instrument_loop(*loop_))),
        Expr::List(mut list) => {
            list.elements = list.elements.into_iter().map(charged).collect();
            Expr::List(list)
        }
        Expr::Map(mut map) => {
            map.entries = map.entries.into_iter().map(instrument_entry).collect();
            Expr::Map(map)
        }
        Expr::Struct(mut strct) => {
            strct.entries = strct.entries.into_iter().map(instrument_entry).collect();
            Expr::Struct(strct)
        }
        Expr::Select(mut select) => {
            *select.operand = instrument(*select.operand);
            Expr::Select(select)
        }
    };
    IdedExpr { id: node.id, expr }
}

fn instrument_call(mut call: CallExpr) -> CallExpr {
    let chooses = matches!(
        call.func_name.as_str(),
        operators::CONDITIONAL
            | operators::LOGICAL_AND
            | operators::LOGICAL_OR
            | operators::LOGICAL_NOT
            | operators::INDEX
            | operators::NOT_STRICTLY_FALSE
    );
    let part = if chooses { ticked } else { charged };
    call.args = call.args.into_iter().map(part).collect();
    call.target = call.target.map(|target| Box::new(part(*target)));
    if call.func_name == "matches" {
        call.func_name = MATCHES.to_owned();
    }
    call
}

fn instrument_entry(entry: IdedEntryExpr) -> IdedEntryExpr {
    let expr = match entry.expr {
        EntryExpr::StructField(mut field) => {
            field.value = charged(field.value);
            EntryExpr::StructField(field)
        }
        EntryExpr::MapEntry(mut entry) => {
            entry.key = charged(entry.key);
            entry.value = charged(entry.value);
            EntryExpr::MapEntry(entry)
        }
    };
    IdedEntryExpr { id: entry.id, expr }
}

fn instrument_loop(mut loop_: ComprehensionExpr) -> ComprehensionExpr {
    loop_.iter_range = charged(loop_.iter_range);
    // The condition looks at the accumulator only.
    loop_.loop_step = instrument_step(loop_.loop_step, &loop_.accu_var);
    loop_
}

fn instrument_step(node: IdedExpr, accu: &str) -> IdedExpr {
    let is_accu = |node: &IdedExpr| matches!(&node.expr, Expr::Ident(name) if name == accu);
    if is_accu(&node) {
        return node;
    }
    let expr = match node.expr {
        Expr::Call(mut call) if call.func_name == operators::CONDITIONAL => {
            let mut parts = call.args.into_iter();
            let guard = parts.next().map(|guard| charge(instrument(guard)));
            call.args = guard
                .into_iter()
                .chain(parts.map(|step| instrument_step(step, accu)))
                .collect();
            Expr::Call(call)
        }
        Expr::Call(mut call) if call.args.first().is_some_and(is_accu) => {
            call.args = call
                .args
                .into_iter()
                .map(|arg| match arg.expr {
                    Expr::List(mut list) => {
                        list.elements = list
                            .elements
                            .into_iter()
                            .map(|item| charge(instrument(item)))
                            .collect();
                        IdedExpr {
                            id: arg.id,
                            expr: Expr::List(list),
                        }
                    }
                    expr @ (Expr::Unspecified
                    | Expr::Ident(_)
                    | Expr::Literal(_)
                    | Expr::Call(_)
                    | Expr::Comprehension(_)
                    | Expr::Map(_)
                    | Expr::Select(_)
                    | Expr::Struct(_)) => instrument(IdedExpr { id: arg.id, expr }),
                })
                .collect();
            Expr::Call(call)
        }
        expr @ (Expr::Unspecified
        | Expr::Ident(_)
        | Expr::Literal(_)
        | Expr::Call(_)
        | Expr::Comprehension(_)
        | Expr::List(_)
        | Expr::Map(_)
        | Expr::Select(_)
        | Expr::Struct(_)) => return charge(instrument(IdedExpr { id: node.id, expr })),
    };
    IdedExpr { id: node.id, expr }
}

/// The instrumented operand, charged by its size unless it is a literal.
fn charged(node: IdedExpr) -> IdedExpr {
    if matches!(node.expr, Expr::Literal(_)) {
        node
    } else {
        charge(instrument(node))
    }
}

/// The instrumented operand, charged a flat tick if it is only handed on, and by its size if it is made here.
fn ticked(node: IdedExpr) -> IdedExpr {
    match node.expr {
        Expr::Literal(_) => node,
        Expr::Ident(_) | Expr::Select(_) | Expr::Call(_) => call(TICK, instrument(node)),
        Expr::List(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Comprehension(_) | Expr::Unspecified => {
            charge(instrument(node))
        }
    }
}

fn charge(node: IdedExpr) -> IdedExpr {
    call(CHARGE, node)
}

fn call(function: &str, node: IdedExpr) -> IdedExpr {
    let id = node.id;
    let call = CallExpr {
        func_name: function.to_owned(),
        target: None,
        args: vec![node],
    };
    IdedExpr {
        id,
        expr: Expr::Call(call),
    }
}
