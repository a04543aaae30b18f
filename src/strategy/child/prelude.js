// Makes what one instance sees: one bar and one ctx, whose numbers the host turns into getters. No object
// is built for a bar and none is refilled, which is what makes a bar cheap.
(function (symbol, symbols, params, ta, host) {
  "use strict";
  const bar = { symbol, time: 0, open: 0, high: 0, low: 0, close: 0, volume: 0 };
  const position = { qty: 0, avgPrice: 0, unrealized: 0, stop: null };
  const session = { phase: "closed", day: "", minutesSinceOpen: NaN, minutesToClose: NaN };
  const history = {
    open: host.open, high: host.high, low: host.low, close: host.close, volume: host.volume,
  };
  const ctx = {
    params, symbol, symbols, position, session, history, ta, time: 0, cash: 0, equity: 0,
    buy: host.buy, sell: host.sell, close: host.closePosition, cancel: host.cancel, tighten: host.tighten,
    crossover: host.crossover, crossunder: host.crossunder,
    highest: host.highest, lowest: host.lowest, log: host.log,
    every: host.every, plot: host.plot,
  };
  return { bar, ctx, position, session };
});
