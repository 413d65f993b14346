// The canvas of the candles: the only importer of lightweight-charts, and loaded after the page stands.

import {
  type CandlestickData,
  CandlestickSeries,
  ColorType,
  CrosshairMode,
  type HistogramData,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type Time,
  TickMarkType,
  type UTCTimestamp,
  createChart,
} from "lightweight-charts"

import { type Candle, INTERVALS, type Interval } from "./candles"
import type { Drawing } from "./candles.svelte"
import type { Terms } from "./terms"
import { cut } from "./texts"
import { type Colours, coloursOf } from "./theme"

const FIRST_BARS = { least: 40, most: 120 } // shown at first
const AHEAD_BARS = 60 // older candles are read when so many are left of the window
const DAY_S = 86_400

export interface Listener {
  /** The candle under the crosshair; null when it is nowhere. */
  hovered(candle: Candle | null): void
  reachedStart(): void
}

export class CandleChart implements Drawing {
  #chart: IChartApi
  #prices: ISeriesApi<"Candlestick">
  #volumes: ISeriesApi<"Histogram">
  #candles: readonly Candle[] = []
  #colours: Colours
  #isDaily = false
  #isFirst = true

  constructor(
    readonly target: HTMLElement,
    readonly terms: Terms,
    readonly listener: Listener,
  ) {
    const digits = { minimumFractionDigits: terms.pricePlaces, maximumFractionDigits: terms.pricePlaces }
    const number = new Intl.NumberFormat("en-US", digits)
    this.#colours = coloursOf(target)
    this.#chart = createChart(target, {
      autoSize: true,
      // Its style tag is not allowed here; the page names and links TradingView below the chart.
      layout: { attributionLogo: false, fontSize: 11 },
      crosshair: { mode: CrosshairMode.Normal },
      localization: { timeFormatter: (time: Time) => this.#timeText(time as number) },
      rightPriceScale: { scaleMargins: { top: 0.12, bottom: 0.24 } },
      timeScale: {
        rightOffset: 4,
        timeVisible: true,
        secondsVisible: true,
        tickMarkFormatter: (time: Time, kind: TickMarkType) => this.#markText(time as number, kind),
      },
    })
    this.#prices = this.#chart.addSeries(CandlestickSeries, {
      priceFormat: {
        type: "custom",
        minMove: 10 ** -terms.pricePlaces,
        formatter: (price: number) => number.format(price),
      },
    })
    this.#volumes = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: "volume",
      priceFormat: { type: "volume" },
      lastValueVisible: false,
      priceLineVisible: false,
    })
    this.#chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } })
    this.#chart.subscribeCrosshairMove(({ time }) => {
      const candle = time === undefined ? null : this.#candles.find((one) => one.start === time)
      this.listener.hovered(candle ?? null)
    })
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range !== null && range.from < AHEAD_BARS && !this.#isFirst) this.listener.reachedStart()
    })
    this.paint()
  }

  remove(): void {
    this.#chart.remove()
  }

  /** What comes next are candles of another interval. */
  begin(interval: Interval): void {
    this.#isDaily = INTERVALS[interval] >= DAY_S
    this.#isFirst = true
  }

  all(candles: readonly Candle[]): void {
    this.#candles = candles
    this.#prices.setData(candles.map((one) => this.#bar(one)))
    this.#volumes.setData(candles.map((one) => this.#volume(one)))
    if (this.#isFirst && candles.length > 0) {
      const to = candles.length + 4
      const width = Math.min(FIRST_BARS.most, Math.max(FIRST_BARS.least, to))
      this.#chart.timeScale().setVisibleLogicalRange({ from: to - width, to })
      this.#chart.priceScale("right").applyOptions({ autoScale: true })
      this.#isFirst = false
    }
  }

  last(candle: Candle): void {
    this.#prices.update(this.#bar(candle))
    this.#volumes.update(this.#volume(candle))
  }

  isFarFrom(count: number): boolean {
    const range = this.#chart.timeScale().getVisibleLogicalRange()
    return range === null || range.from > count + AHEAD_BARS
  }

  /** In the colours of the theme as it is now. */
  paint(): void {
    const colours = coloursOf(this.target)
    this.#colours = colours
    this.#chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: colours.panel },
        textColor: colours.dim,
        fontFamily: getComputedStyle(this.target).fontFamily,
      },
      grid: { vertLines: { color: colours.grid }, horzLines: { color: colours.grid } },
      crosshair: {
        vertLine: { color: colours.dim, labelBackgroundColor: colours.label },
        horzLine: { color: colours.dim, labelBackgroundColor: colours.label },
      },
      rightPriceScale: { borderColor: colours.line },
      timeScale: { borderColor: colours.line },
    })
    const { up, down } = colours
    this.#prices.applyOptions({
      upColor: up, borderUpColor: up, wickUpColor: up,
      downColor: down, borderDownColor: down, wickDownColor: down,
    })
    this.#volumes.setData(this.#candles.map((one) => this.#volume(one)))
  }

  /** Moves the window by bars, and for a `zoom` of more than 1 shows fewer of them. */
  move(bars: number, zoom = 1): void {
    const scale = this.#chart.timeScale()
    const range = scale.getVisibleLogicalRange()
    if (range === null) return
    const width = Math.max(10, (range.to - range.from) / zoom)
    const to = range.to + bars
    scale.setVisibleLogicalRange({ from: to - width, to })
  }

  #bar(candle: Candle): CandlestickData<UTCTimestamp> {
    // Cut as every other price of the page, which the axis would round.
    const [open, high, low, close] = [candle.open, candle.high, candle.low, candle.close].map((price) =>
      Number(cut(price, this.terms.pricePlaces)),
    ) as [number, number, number, number]
    return { time: candle.start as UTCTimestamp, open, high, low, close }
  }

  #volume(candle: Candle): HistogramData<UTCTimestamp> {
    const isUp = Number(candle.close) >= Number(candle.open)
    const color = isUp ? this.#colours.upWash : this.#colours.downWash
    return { time: candle.start as UTCTimestamp, value: Number(candle.volume), color }
  }

  /** Local time, but candles of days and more begin at midnight in UTC. */
  #timeText(time: number): string {
    const timeZone = this.#isDaily ? "UTC" : undefined
    const style = this.#isDaily
      ? ({ dateStyle: "medium" } as const)
      : ({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" } as const)
    return new Intl.DateTimeFormat("en-GB", { ...style, timeZone }).format(time * 1_000)
  }

  #markText(time: number, kind: TickMarkType): string {
    const timeZone = this.#isDaily ? "UTC" : undefined
    return new Intl.DateTimeFormat("en-GB", { ...MARKS[kind], timeZone }).format(time * 1_000)
  }
}

const MARKS: Record<TickMarkType, Intl.DateTimeFormatOptions> = {
  [TickMarkType.Year]: { year: "numeric" },
  [TickMarkType.Month]: { month: "short" },
  [TickMarkType.DayOfMonth]: { day: "numeric", month: "short" },
  [TickMarkType.Time]: { hour: "2-digit", minute: "2-digit" },
  [TickMarkType.TimeWithSeconds]: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
}
