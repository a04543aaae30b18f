// E0603: the terms of an order written by hand
use hardstop::risk::token::Terms;

pub fn forge(terms: &Terms) {
    let _ = terms;
}
