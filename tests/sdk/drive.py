"""Drives `hardstop exchange` with the official Python library for Alpaca, unmodified.

    python3 tests/sdk/drive.py PATH_OF_HARDSTOP

It starts an exchange of its own, calls what the library can call of it, and says what it did; whatever is not
as it must be is an AssertionError. The library is `alpaca-py`.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timezone

from alpaca.common.exceptions import APIError
from alpaca.data.enums import DataFeed
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.data.live import StockDataStream
from alpaca.data.requests import (
    StockBarsRequest,
    StockLatestBarRequest,
    StockLatestQuoteRequest,
    StockLatestTradeRequest,
    StockQuotesRequest,
    StockSnapshotRequest,
    StockTradesRequest,
)
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderClass, OrderSide, OrderStatus, OrderType, QueryOrderStatus, TimeInForce
from alpaca.trading.requests import (
    ClosePositionRequest,
    GetAssetsRequest,
    GetCalendarRequest,
    GetOrdersRequest,
    GetPortfolioHistoryRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    ReplaceOrderRequest,
    StopLimitOrderRequest,
    StopLossRequest,
    StopOrderRequest,
    TakeProfitRequest,
    TrailingStopOrderRequest,
)
from alpaca.trading.stream import TradingStream

KEY, SECRET = "python", "rehearsal"
DAY, GTC = TimeInForce.DAY, TimeInForce.GTC
BUY, SELL = OrderSide.BUY, OrderSide.SELL
done = []


def step(name):
    done.append(name)


def wait_for(what, true, seconds=10.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return
        time.sleep(0.02)
    raise AssertionError(f"after {seconds} s: {what}")


def refused(call, part):
    try:
        call()
    except APIError as fault:
        assert part in str(fault), fault
        return
    raise AssertionError(f"it was taken, and should have been refused: {part}")


def start(binary, home):
    command = [binary, "exchange", "--listen", "127.0.0.1:0", "--seed", "7", "--keys", f"{KEY}:{SECRET}"]
    environment = {**os.environ, "HARDSTOP_HOME": home}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
    return process, json.loads(process.stdout.readline())


def drive_account(trading):
    account = trading.get_account()
    assert account.account_number and float(account.equity) == 100000.0, account
    assert not account.trading_blocked
    step("account")
    configuration = trading.get_account_configurations()
    assert configuration.suspend_trade is False
    step("account configurations")
    clock = trading.get_clock()
    assert clock.is_open and clock.next_close > clock.timestamp, clock
    step("clock")
    day = clock.timestamp.date()
    sessions = trading.get_calendar(GetCalendarRequest(start=day, end=day))
    assert len(sessions) == 1 and sessions[0].open.hour == 9, sessions
    step("calendar")
    assets = trading.get_all_assets(GetAssetsRequest())
    assert {asset.symbol for asset in assets} == {"SPY", "IBM", "BAC"}, assets
    assert trading.get_asset("SPY").fractionable
    assert trading.get_asset(str(trading.get_asset("SPY").id)).symbol == "SPY"
    step("assets")


def drive_orders(trading, bid, events):
    far = round(bid * 0.9, 2)
    limit = trading.submit_order(
        LimitOrderRequest(symbol="SPY", qty=10, side=BUY, time_in_force=DAY, limit_price=far, client_order_id="first")
    )
    assert limit.status in (OrderStatus.NEW, OrderStatus.ACCEPTED) and limit.type == OrderType.LIMIT, limit
    assert trading.get_order_by_client_id("first").id == limit.id
    assert trading.get_order_by_id(limit.id).client_order_id == "first"
    refused(
        lambda: trading.submit_order(
            LimitOrderRequest(symbol="SPY", qty=1, side=BUY, time_in_force=DAY, limit_price=far, client_order_id="first")
        ),
        "client_order_id must be unique",
    )
    step("limit order, by id, by client id, twice")
    replaced = trading.replace_order_by_id(limit.id, ReplaceOrderRequest(qty=12, limit_price=far - 1))
    assert replaced.id != limit.id and float(replaced.qty) == 12.0 and replaced.replaces == limit.id, replaced
    assert trading.get_order_by_id(limit.id).status == OrderStatus.REPLACED
    step("replace")
    trading.cancel_order_by_id(replaced.id)
    assert trading.get_order_by_id(replaced.id).status == OrderStatus.CANCELED
    refused(lambda: trading.cancel_order_by_id(replaced.id), "already in")
    step("cancel one")
    for request in (
        StopOrderRequest(symbol="IBM", qty=1, side=BUY, time_in_force=GTC, stop_price=400),
        StopLimitOrderRequest(symbol="IBM", qty=1, side=BUY, time_in_force=GTC, stop_price=400, limit_price=401),
        LimitOrderRequest(symbol="BAC", qty=5, side=BUY, time_in_force=DAY, limit_price=5),
    ):
        assert trading.submit_order(request).status in (OrderStatus.NEW, OrderStatus.ACCEPTED)
    page = trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.OPEN, limit=2))
    assert len(page) == 2, page
    rest = trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.OPEN, until=page[-1].submitted_at))
    assert len(rest) == 1 and rest[0].symbol == "IBM", rest
    answers = trading.cancel_orders()
    assert len(answers) == 3 and all(answer.status == 200 for answer in answers), answers
    assert trading.get_orders() == []
    step("stop, stop limit, list and paging, cancel all")
    bought = trading.submit_order(MarketOrderRequest(symbol="SPY", qty=20, side=BUY, time_in_force=DAY))
    wait_for("the market order fills", lambda: trading.get_order_by_id(bought.id).status == OrderStatus.FILLED)
    fraction = trading.submit_order(MarketOrderRequest(symbol="BAC", notional=100, side=BUY, time_in_force=DAY))
    wait_for("the notional one too", lambda: trading.get_order_by_id(fraction.id).status == OrderStatus.FILLED)
    assert 0 < float(trading.get_order_by_id(fraction.id).filled_qty) < 100
    step("market orders, in shares and in dollars")
    trail = trading.submit_order(
        TrailingStopOrderRequest(symbol="SPY", qty=5, side=SELL, time_in_force=GTC, trail_percent=5)
    )
    assert trail.type == OrderType.TRAILING_STOP and float(trail.trail_percent) == 5.0, trail
    pair = trading.submit_order(
        LimitOrderRequest(
            symbol="SPY", qty=10, side=SELL, time_in_force=GTC, order_class=OrderClass.OCO,
            limit_price=round(bid * 1.2, 2), take_profit=TakeProfitRequest(limit_price=round(bid * 1.2, 2)),
            stop_loss=StopLossRequest(stop_price=far),
        )
    )
    assert pair.order_class == OrderClass.OCO and len(pair.legs) == 1, pair
    refused(
        lambda: trading.submit_order(MarketOrderRequest(symbol="SPY", qty=20, side=SELL, time_in_force=DAY)),
        "insufficient qty",
    )
    trading.cancel_order_by_id(pair.id)
    assert trading.get_order_by_id(pair.legs[0].id).status == OrderStatus.CANCELED
    trading.cancel_order_by_id(trail.id)
    step("trailing stop, a pair that goes together, shares that are held")
    bracket = trading.submit_order(
        LimitOrderRequest(
            symbol="IBM", qty=3, side=BUY, time_in_force=DAY, limit_price=400, order_class=OrderClass.BRACKET,
            take_profit=TakeProfitRequest(limit_price=500), stop_loss=StopLossRequest(stop_price=100),
        )
    )
    assert len(bracket.legs) == 2, bracket
    wait_for("the bracket fills", lambda: trading.get_order_by_id(bracket.id).status == OrderStatus.FILLED)
    nested = trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL, symbols=["IBM"], nested=True))
    legs = [order for order in nested if order.id == bracket.id][0].legs
    assert all(leg.status == OrderStatus.NEW for leg in legs), legs
    oto = trading.submit_order(
        LimitOrderRequest(
            symbol="BAC", qty=2, side=BUY, time_in_force=DAY, limit_price=5, order_class=OrderClass.OTO,
            stop_loss=StopLossRequest(stop_price=4),
        )
    )
    assert len(oto.legs) == 1 and oto.legs[0].status == OrderStatus.HELD, oto
    trading.cancel_orders()
    step("bracket and one that triggers another")
    words = {event for event, _ in events}
    wait_for("the stream told of it all", lambda: {"new", "fill", "canceled", "replaced"} <= {e for e, _ in events})
    assert words, events
    step("stream of orders")


def drive_positions(trading):
    held = {position.symbol: position for position in trading.get_all_positions()}
    assert float(held["SPY"].qty) == 20.0 and float(held["IBM"].qty) == 3.0, held
    assert trading.get_open_position("SPY").asset_id == held["SPY"].asset_id
    refused(lambda: trading.get_open_position("QQQ"), "position does not exist")
    part = trading.close_position("SPY", ClosePositionRequest(percentage="50"))
    wait_for("half is closed", lambda: trading.get_order_by_id(part.id).status == OrderStatus.FILLED)
    assert float(trading.get_open_position("SPY").qty) == 10.0
    answers = trading.close_all_positions(cancel_orders=True)
    assert len(answers) == 3, answers
    wait_for("everything is closed", lambda: trading.get_all_positions() == [])
    step("positions: all, one, a part closed, all closed")
    history = trading.get_portfolio_history(GetPortfolioHistoryRequest(period="1D", timeframe="1Min"))
    assert len(history.equity) == len(history.timestamp) > 0
    step("portfolio history")
    # The library has no call of its own for activities; its own request is as good.
    first = trading.get("/account/activities", {"activity_types": "FILL", "page_size": 3})
    second = trading.get("/account/activities", {"page_size": 3, "page_token": first[-1]["id"]})
    assert len(first) == 3 and first[0]["activity_type"] == "FILL", first
    assert not {one["id"] for one in first} & {one["id"] for one in second}
    step("activities, page by page")


def drive_history(data, now):
    symbols = ["SPY", "IBM"]
    bars = data.get_stock_bars(StockBarsRequest(symbol_or_symbols=symbols, timeframe=TimeFrame.Minute, end=now))
    assert len(bars.data["SPY"]) > 60 and bars.data["SPY"][0].high >= bars.data["SPY"][0].low
    fives = data.get_stock_bars(
        StockBarsRequest(symbol_or_symbols="SPY", timeframe=TimeFrame(5, TimeFrameUnit.Minute), end=now, limit=10)
    )
    assert len(fives.data["SPY"]) == 10
    quotes = data.get_stock_quotes(StockQuotesRequest(symbol_or_symbols="SPY", end=now, limit=25))
    assert len(quotes.data["SPY"]) == 25
    trades = data.get_stock_trades(StockTradesRequest(symbol_or_symbols="SPY", end=now, limit=7))
    assert len(trades.data["SPY"]) == 7
    step("bars, quotes and trades of the past")
    quote = data.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols="SPY"))["SPY"]
    assert data.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols=symbols))["IBM"].close > 0
    assert data.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols="SPY"))["SPY"].price > 0
    snapshot = data.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols=symbols))["SPY"]
    assert snapshot.latest_quote.ask_price > snapshot.latest_quote.bid_price > 0
    step("latest quote, bar and trade, snapshots")
    return quote.bid_price


def main():
    with tempfile.TemporaryDirectory() as home:
        process, ready = start(sys.argv[1], home)
        try:
            drive(ready)
        finally:
            process.terminate()
            assert process.wait(timeout=10) == 0, "it does not end in order"
    print(f"{len(done)} steps: " + "; ".join(done))


def drive(ready):
    trading = TradingClient(KEY, SECRET, paper=True, url_override=ready["rest"])
    data = StockHistoricalDataClient(KEY, SECRET, url_override=ready["data"])
    refused(lambda: TradingClient(KEY, "wrong", url_override=ready["rest"]).get_account(), "unauthorized")
    step("wrong keys")
    drive_account(trading)
    bid = drive_history(data, datetime.now(timezone.utc))
    events, ticks = [], []
    orders = TradingStream(KEY, SECRET, paper=True, url_override=ready["orders_stream"])

    async def on_update(update):
        # A word that the library does not know yet comes as plain text.
        events.append((getattr(update.event, "value", update.event), update.order.symbol))

    async def on_tick(tick):
        ticks.append(tick)

    orders.subscribe_trade_updates(on_update)
    market = StockDataStream(KEY, SECRET, feed=DataFeed.IEX, url_override=ready["data_stream"])
    market.subscribe_quotes(on_tick, "SPY")
    market.subscribe_trades(on_tick, "*")
    for stream in (orders, market):
        threading.Thread(target=stream.run, daemon=True).start()
    wait_for("market data come", lambda: len(ticks) > 3)
    kinds = {type(tick).__name__ for tick in ticks}
    assert kinds == {"Quote", "Trade"}, kinds
    step("stream of market data, packed")
    drive_orders(trading, bid, events)
    drive_positions(trading)
    orders.stop()
    market.stop()


if __name__ == "__main__":
    main()
