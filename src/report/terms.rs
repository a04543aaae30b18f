use crate::domain::pct::Pct;
use crate::domain::price::Price;
use crate::report::facts::Terms;

/// The terms under which orders filled, a sentence or two each.
pub(super) fn sentences(terms: &Terms) -> Vec<String> {
    let mut said = vec![
        "A bar is known at its end, and nothing fills on the bar whose close was the signal: orders meet bars that \
         began after them."
            .to_owned(),
    ];
    said.push(market(terms));
    said.push(
        "A limit fills only where the price went strictly beyond it: a buy where the low was below it, at the lower of \
         limit and open; a sell where the high was above it, at the higher of the two. A touch is no fill."
            .to_owned(),
    );
    said.push(
        "A stop fills at the worse of stop and open, so a gap costs what it costs. An entry's stop already meets the \
         rest of the entry's own bar; its target waits for the next."
            .to_owned(),
    );
    said.push("Where one bar reaches stop and target, the stop fills.".to_owned());
    said.push(volume(terms));
    said.push(costs(terms));
    said.push(if terms.regular_session_only {
        "Orders fill in the regular session only, but for those that ask for an auction or for all hours; nothing fills \
         in a halt."
            .to_owned()
    } else {
        "Orders fill at every hour that the data have: the limits did not keep them to the regular session.".to_owned()
    });
    if terms.costs_none {
        said.push(
            "--costs none: no fees, no slippage and no cap by volume. That serves comparisons with engines that know \
             none of them, and flatters every strategy that trades often."
                .to_owned(),
        );
    }
    if terms.splits {
        said.push(
            "Prices and volumes from before a split count in the shares of after it, by the file that was given with \
             --splits; so do quantities, and a commission by the share."
                .to_owned(),
        );
    }
    said.push(
        "All of this is a model. It would rather disappoint than flatter, and says nothing certain about a real market."
            .to_owned(),
    );
    said
}

fn market(terms: &Terms) -> String {
    let collar = if terms.bars_only && terms.costs_none {
        "Market orders go out as such, those that open too."
    } else {
        "A market order that opens goes out as a limit at the edge of the price collar, and fills no worse than that."
    };
    if terms.bars_only {
        return format!(
            "Bars were the only clock. A market order fills at the next bar's open, slippage added. {collar}"
        );
    }
    format!(
        "The data had quotes. An order that takes the market fills at the other side of a fresh quote when it arrives, \
         and without one at the open of the next bar, slippage added; crossing a quote's spread is its cost, and no \
         slippage is added to it. A limit that rests fills at a quote strictly beyond it. {collar}"
    )
}

fn volume(terms: &Terms) -> String {
    match terms.volume_share_pct {
        Some(share) => {
            let quotes = if terms.bars_only { "" } else { ", and of a quote at most its size, once" };
            format!(
                "At most {share} % of a bar's volume fills, in whole shares{quotes}; the rest of an order waits."
            )
        }
        None => "Nothing capped how much filled: an order of any size fills in full.".to_owned(),
    }
}

fn costs(terms: &Terms) -> String {
    let mut fees = Vec::new();
    if terms.fee_per_share != Price::ZERO {
        fees.push(format!("{} dollars a share", terms.fee_per_share));
    }
    if terms.fee_pct != Pct::default() {
        fees.push(format!("{} % of a fill's worth", terms.fee_pct));
    }
    let fees = if fees.is_empty() { "no commission".to_owned() } else { fees.join(" and ") };
    let slippage = match terms.slippage_bps {
        0 => "no slippage".to_owned(),
        bps => format!(
            "{bps} basis {} ({} %) of slippage",
            if bps == 1 { "point" } else { "points" },
            Pct::from_nanos(i64::from(bps) * 10_000_000)
        ),
    };
    format!("Costs: {fees}, and {slippage} on every order that takes whatever there is.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARS: Terms = Terms {
        bars_only: true,
        costs_none: false,
        splits: false,
        regular_session_only: true,
        fee_per_share: Price::from_nanos(5_000_000),
        fee_pct: Pct::from_nanos(0),
        slippage_bps: 1,
        volume_share_pct: Some(Pct::from_nanos(10_000_000_000)),
    };

    #[test]
    fn only_what_held_for_this_run_is_said() {
        let said = sentences(&BARS).join("\n");
        for words in
            ["the next bar's open", "strictly beyond", "At most 10 %", "0.005 dollars a share", "0.01 %"]
        {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert!(!said.contains("--costs none") && !said.contains("fresh quote"));
        let free = Terms {
            costs_none: true,
            splits: true,
            regular_session_only: false,
            fee_per_share: Price::ZERO,
            slippage_bps: 0,
            volume_share_pct: None,
            ..BARS
        };
        let said = sentences(&free).join("\n");
        for words in [
            "--costs none",
            "--splits; so do",
            "no commission, and no slippage",
            "Nothing capped",
            "every hour",
        ] {
            assert!(said.contains(words), "{words}: {said}");
        }
        let quotes = sentences(&Terms { bars_only: false, ..BARS }).join("\n");
        assert!(quotes.contains("fresh quote") && quotes.contains("at most its size"));
    }
}
