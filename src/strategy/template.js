/// <reference path="./hardstop.d.ts" />
// My strategy: say in a line what it does.
//
// Idea: why should somebody else pay you for this?
// Weakness: on which days does it lose, and what ends that?
//
// hardstop strategy check FILE        loads it in the sandbox and says what is wrong, with line and column
// hardstop backtest FILE              runs it on past bars through the same gate and the same exchange
// hardstop strategy approve FILE      shows you the source; only what you approved runs, to the byte
//
// Every order goes through the gate, with your limits: what it refuses comes back in onOrder, and in the window.
strategy({
  api: 1, name: "My strategy", version: "0.1.0",
  // 1Min, 5Min, 15Min, 30Min, 1Hour or 1Day. The first `warmup` bars only fill the indicators.
  timeframe: "5Min", warmup: 30,
  // asks: { sides: "long", maxUsd: 5000, maxDayLoss: 100 },   // its passport: the gate lets no opening pass beyond it
  // symbols: ["SPY", "QQQ"],   // without it you say at the start what it trades; each symbol has its own `this`
  params: {
    // type int, float, bool or string; `hardstop backtest --param length=50` changes one.
    length: { type: "int", default: 20, min: 2, max: 200, title: "Length of the average" },
    stopPct: { type: "float", default: 1, min: 0.1, max: 10, unit: "%", title: "Stop below the close" },
    risk: { type: "float", default: 0.08, min: 0.01, max: 2, unit: "%", title: "Risk per trade" },
  },

  // Once for each symbol. Indicators and timers are made here and nowhere else.
  init(ctx) {
    this.price = ctx.ta.source("close");
    this.average = ctx.ta.sma(ctx.params.length);
    // Bars are the clock: called with the first bar that ends at or after each half hour of New York.
    ctx.every("30m", ctx => { ctx.log(ctx.symbol, "close", ctx.history.close(), "equity", ctx.equity); });
  },

  // With every finished bar. The indicators already have it; they read as numbers, NaN until they are warm.
  onBar(bar, ctx) {
    ctx.plot("average", this.average);
    // Flat before the close, whatever else it thinks.
    if (ctx.session.minutesToClose <= 15) {
      if (ctx.position.qty !== 0) ctx.close({ tag: "before the close" });
      return;
    }
    if (ctx.position.qty === 0 && ctx.crossover(this.price, this.average)) {
      // So many whole shares that the stop loses `risk` per cent of equity. The stop goes to the broker with the order.
      ctx.buy({ riskPct: ctx.params.risk, stop: bar.close * (1 - ctx.params.stopPct / 100), tag: "above" });
    } else if (ctx.position.qty > 0 && ctx.crossunder(this.price, this.average)) {
      // Its own shares alone: never those of another strategy, and never yours.
      ctx.close({ tag: "below" });
    }
  },

  // One of its orders changed. `reason` is the gate's or the broker's word where it was refused.
  onOrder(order, ctx) {
    if (order.reason !== null) ctx.log(order.id, order.status, order.reason);
  },

  // One of its orders, or the stop of one, was executed.
  onFill(fill, ctx) {
    ctx.log(fill.side, fill.qty, fill.symbol, "at", fill.price);
  },

  // The regular session opened (`event.open` is true) or closed.
  onSession(event, ctx) {},

  // It is about to be stopped. Its protective stops stay at the broker.
  onStop(ctx) {},
});
