package metrics

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// collector makes metrics of snapshots.
type collector struct {
	snapshot func() Snapshot

	bots     []botMetric
	states   []string
	botState *prometheus.Desc
	commits  *prometheus.Desc
	updates  *prometheus.Desc
	build    *prometheus.Desc
}

type botMetric struct {
	family
	desc *prometheus.Desc
}

func newCollector(snapshot func() Snapshot) *collector {
	c := &collector{
		snapshot: snapshot,
		states:   knownStates(),
		botState: prometheus.NewDesc("ilinkd_bot_state", "1 for the state that the bot is in, 0 for the others.", []string{"bot", "state"}, nil),
		commits:  prometheus.NewDesc("ilinkd_store_commits_total", "Transactions that the store committed.", nil, nil),
		updates:  prometheus.NewDesc("ilinkd_store_updates_total", "Changes made in the store's transactions.", nil, nil),
		build:    prometheus.NewDesc("ilinkd_build_info", "Always 1; the label is the version that runs.", []string{"version"}, nil),
	}
	for _, f := range botFamilies() {
		c.bots = append(c.bots, botMetric{f, prometheus.NewDesc(f.name, f.help, []string{"bot"}, nil)})
	}
	return c
}

// Describe is part of [prometheus.Collector].
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, m := range c.bots {
		out <- m.desc
	}
	for _, d := range []*prometheus.Desc{c.botState, c.commits, c.updates, c.build} {
		out <- d
	}
}

// Collect is part of [prometheus.Collector].
func (c *collector) Collect(out chan<- prometheus.Metric) {
	s := c.snapshot()
	for i := range s.Bots {
		b := &s.Bots[i]
		for _, m := range c.bots {
			out <- metric(m.desc, m.kind, m.value(b), b.Name)
		}
		c.collectState(out, b)
	}
	out <- metric(c.commits, prometheus.CounterValue, float64(s.StoreCommits))
	out <- metric(c.updates, prometheus.CounterValue, float64(s.StoreUpdates))
	out <- metric(c.build, prometheus.GaugeValue, 1, s.Version)
}

func (c *collector) collectState(out chan<- prometheus.Metric, b *Bot) {
	for _, state := range c.states {
		is := 0.0
		if state == b.State {
			is = 1
		}
		out <- metric(c.botState, prometheus.GaugeValue, is, b.Name, state)
	}
	if !slices.Contains(c.states, b.State) {
		out <- metric(c.botState, prometheus.GaugeValue, 1, b.Name, otherState)
	}
}

// metric leaves it to the scrape to report a label that can't be written, such
// as one that isn't UTF-8: a panic in a scrape would end the process.
func metric(desc *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) prometheus.Metric {
	m, err := prometheus.NewConstMetric(desc, kind, value, labels...)
	if err != nil {
		return prometheus.NewInvalidMetric(desc, err)
	}
	return m
}
