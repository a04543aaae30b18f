"""Writes indicators.csv: what another library says of SPY in the bundled week. Run by hand, with TA-Lib and numpy:

    python3 tests/references/make.py > tests/references/indicators.csv

TA-Lib 0.8.1 computes everything that it defines as Pine does once both are warm: where they begin differently (the
averages' first value, ATR's first range) the difference has shrunk below the last digit after a thousand bars. The
VWAP of the session and Wilder's average of closes are not in TA-Lib; they are written out here by their definitions.
"""

import csv
import pathlib

import numpy
import talib

FROM, EVERY = 1000, 23

bars = pathlib.Path(__file__).parents[2] / "data" / "bars-1min-2013-10-07_11.csv"
rows = [row for row in csv.DictReader(bars.open()) if row["symbol"] == "SPY"]
high, low, close, volume = (
    numpy.array([float(row[name]) for row in rows]) for name in ("high", "low", "close", "volume")
)
days = [row["timestamp"][:10] for row in rows]

macd, signal, histogram = talib.MACD(close, 12, 26, 9)
upper, middle, lower = talib.BBANDS(close, 20, 2, 2, talib.MA_Type.SMA)
slow_k, slow_d = talib.STOCH(high, low, close, 14, 3, talib.MA_Type.SMA, 3, talib.MA_Type.SMA)

wilder, vwap = [float(numpy.mean(close[:14]))] * 14, []
for value in close[14:]:
    wilder.append((wilder[-1] * 13 + float(value)) / 14)
for index, day in enumerate(days):
    first = days.index(day)
    typical = (high[first : index + 1] + low[first : index + 1] + close[first : index + 1]) / 3
    vwap.append(float(numpy.dot(typical, volume[first : index + 1]) / numpy.sum(volume[first : index + 1])))

columns = {
    "sma": talib.SMA(close, 20),
    "ema": talib.EMA(close, 20),
    "wma": talib.WMA(close, 20),
    "rma": wilder,
    "rsi": talib.RSI(close, 14),
    "stdev": talib.STDDEV(close, 20, 1),
    "highest": talib.MAX(high, 20),
    "lowest": talib.MIN(low, 20),
    "tr": talib.TRANGE(high, low, close),
    "atr": talib.ATR(high, low, close, 14),
    "vwap": vwap,
    "macd": macd,
    "signal": signal,
    "histogram": histogram,
    "upper": upper,
    "middle": middle,
    "lower": lower,
    "k": slow_k,
    "d": slow_d,
}
print("row," + ",".join(columns))
for row in range(FROM, len(rows), EVERY):
    print(f"{row}," + ",".join(f"{float(values[row]):.12f}" for values in columns.values()))
