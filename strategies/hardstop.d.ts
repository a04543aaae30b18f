// The contract between hardstop and a strategy, api 1, for editors that complete. It is never run: put it beside your
// strategy and begin that with   /// <reference path="./hardstop.d.ts" />

/** Says what the strategy is and hands over its handlers. To be called once. */
declare function strategy(definition: Definition): void;

type Timeframe = "1Min" | "5Min" | "15Min" | "30Min" | "1Hour" | "1Day";
/** A field of a bar, or a mean of several. */
type Source = "open" | "high" | "low" | "close" | "volume" | "hl2" | "hlc3" | "ohlc4";
type Tif = "day" | "gtc" | "ioc" | "fok" | "opg" | "cls" | "ext";

interface Definition extends ThisType<any> {
  /** The version of this contract. */
  api: 1;
  name: string;
  version: string;
  timeframe: Timeframe;
  /** Bars that only fill indicators; nothing that is wished on them counts. */
  warmup?: number;
  /** What it asks to trade; without it the trader says so. */
  symbols?: string[];
  /** Whether it asks to tighten the stops of positions that are not its own. */
  protects?: boolean;
  /** The passport that it asks for; who approves it may grant less. */
  asks?: Asks;
  params?: { [name: string]: Param };
  /** Once for each symbol: the only place in which indicators and timers are made. */
  init?(ctx: Ctx): void;
  onBar?(bar: Bar, ctx: Ctx): void;
  onOrder?(order: OrderEvent, ctx: Ctx): void;
  onFill?(fill: Fill, ctx: Ctx): void;
  onSession?(event: SessionEvent, ctx: Ctx): void;
  onStop?(ctx: Ctx): void;
}

/** What it asks to be granted. The gate lets none of its openings pass beyond it. */
interface Asks {
  sides?: "both" | "long" | "short";
  /** The most shares of one symbol, its own opening orders counted. */
  maxQty?: number;
  /** The same in dollars. */
  maxUsd?: number;
  /** Opening orders within a minute. */
  ordersPerMinute?: number;
  /** By New York's clock, such as "09:35-15:45". */
  hours?: string;
  /** What it may lose of its own in a day, in dollars. */
  maxDayLoss?: number;
  /** Whether the trader is asked before each opening. */
  confirm?: boolean;
}

interface Param {
  type: "int" | "float" | "bool" | "string";
  default: number | boolean | string;
  min?: number;
  max?: number;
  options?: string[];
  title?: string;
  unit?: string;
}

/** A finished bar. It is known at its end. */
interface Bar {
  readonly symbol: string;
  /** When it began, in milliseconds of UTC. */
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** An indicator. It reads as its number on the newest bar, NaN until it is warm. */
interface Line {
  readonly value: number;
  /** On the bar before. */
  readonly before: number;
  valueOf(): number;
}

interface Ta {
  /** The input itself, so that it can be compared with a line. */
  source(source?: Source | Line): Line & number;
  sma(length: number, source?: Source | Line): Line & number;
  ema(length: number, source?: Source | Line): Line & number;
  /** Wilder's average. */
  rma(length: number, source?: Source | Line): Line & number;
  wma(length: number, source?: Source | Line): Line & number;
  rsi(length: number, source?: Source | Line): Line & number;
  /** The standard deviation of the population. */
  stdev(length: number, source?: Source | Line): Line & number;
  /** The highest high, the newest bar included. */
  highest(length: number, source?: Source | Line): Line & number;
  /** The lowest low, the newest bar included. */
  lowest(length: number, source?: Source | Line): Line & number;
  atr(length: number): Line & number;
  /** The true range. */
  tr(): Line & number;
  /** The session's volume-weighted price. */
  vwap(): Line & number;
  macd(fast?: number, slow?: number, signal?: number, source?: Source | Line): {
    readonly macd: Line & number; readonly signal: Line & number; readonly histogram: Line & number;
  };
  bbands(length?: number, width?: number, source?: Source | Line): {
    readonly upper: Line & number; readonly middle: Line & number; readonly lower: Line & number;
  };
  stoch(length?: number, k?: number, d?: number): { readonly k: Line & number; readonly d: Line & number };
}

/** Exactly one of qty, notional, riskPct and pct says how much. */
interface OrderOptions {
  /** Shares. */
  qty?: number;
  /** Dollars, in whole shares. */
  notional?: number;
  /** Per cent of equity that the stop loses, in whole shares; needs `stop`. */
  riskPct?: number;
  /** Per cent of equity that the position is worth, in whole shares. */
  pct?: number;
  /** The most to pay, or the least to take; without it a market order within the gate's collar. */
  limit?: number;
  /** The protective stop, at the broker from the beginning. */
  stop?: number;
  /** The target, beside the stop. */
  takeProfit?: number;
  /** How far the stop follows the market: dollars, or a text such as "2%". Not with a target. */
  trail?: number | string;
  tif?: Tif;
  /** Your own word for it, in the journal and in the reports. */
  tag?: string;
  symbol?: string;
}

interface OrderEvent { readonly id: string; readonly status: string; readonly reason: string | null }

interface Fill {
  readonly id: string;
  readonly symbol: string;
  readonly side: "buy" | "sell";
  readonly qty: number;
  readonly price: number;
  readonly fee: number;
  /** In milliseconds of UTC. */
  readonly time: number;
}

interface SessionEvent { readonly open: boolean; readonly time: number }

interface Ctx {
  readonly params: { readonly [name: string]: any };
  /** The symbol of this instance; `this` belongs to it alone. */
  readonly symbol: string;
  /** All that this strategy was granted. */
  readonly symbols: readonly string[];
  /** The event's instant, in milliseconds of UTC. */
  readonly time: number;
  readonly cash: number;
  readonly equity: number;
  readonly position: {
    /** Shares, below zero when short; of the account, whoever bought them. */
    readonly qty: number;
    readonly avgPrice: number;
    readonly unrealized: number;
    /** Where the protective stop lies. */
    readonly stop: number | null;
  };
  readonly session: {
    readonly phase: "pre" | "regular" | "post" | "closed";
    /** The trading day, such as "2013-10-07". */
    readonly day: string;
    readonly minutesSinceOpen: number;
    readonly minutesToClose: number;
  };
  /** Bars by their age, 0 being the newest; NaN where they do not reach. */
  readonly history: {
    open(age?: number): number;
    high(age?: number): number;
    low(age?: number): number;
    close(age?: number): number;
    volume(age?: number): number;
  };
  readonly ta: Ta;
  /** Whether a is above b now and was not on the bar before. */
  crossover(a: Line, b: Line | number): boolean;
  /** Whether a is below b now and was not on the bar before. */
  crossunder(a: Line, b: Line | number): boolean;
  /** The highest high of the last bars. */
  highest(length: number, source?: Source): number;
  /** The lowest low of the last bars. */
  lowest(length: number, source?: Source): number;
  buy(options: OrderOptions): void;
  sell(options: OrderOptions): void;
  /** Closes what this strategy holds. */
  close(options?: { tag?: string; symbol?: string }): void;
  /** Cancels this strategy's open orders of the symbol; its stops stay. */
  cancel(options?: { symbol?: string }): void;
  /** Moves the position's protective stop nearer to the market; in sim and in backtests alone. */
  tighten(options: { stop: number; symbol?: string }): void;
  /** In init: calls back with the first bar that ends at or after each span of New York's clock. */
  every(span: string, callback: (ctx: Ctx) => void): void;
  /** Draws a number beside the bar: it goes into the journal under this name. */
  plot(name: string, value: number | Line): void;
  log(...values: any[]): void;
}
