package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// family is one metric of a bot: what it is called, and where its value is.
type family struct {
	name, help string
	kind       prometheus.ValueType
	value      func(b *Bot) float64
}

// botFamilies are the metrics that each bot has one value of. Names and kinds
// are what dashboards rely on: they aren't changed, only added to.
func botFamilies() []family {
	counter := func(name, help string, get func(b *Bot) int64) family {
		return family{name, help, prometheus.CounterValue, func(b *Bot) float64 { return float64(get(b)) }}
	}
	gauge := func(name, help string, get func(b *Bot) int64) family {
		return family{name, help, prometheus.GaugeValue, func(b *Bot) float64 { return float64(get(b)) }}
	}
	seconds := func(name, help string, get func(b *Bot) time.Duration) family {
		return family{name, help, prometheus.GaugeValue, func(b *Bot) float64 { return max(get(b), 0).Seconds() }}
	}
	return []family{
		counter("ilinkd_messages_received_total", "Messages received, without duplicates.", func(b *Bot) int64 { return b.Received }),
		counter("ilinkd_messages_duplicate_total", "Messages that the server delivered again, and that were left out.", func(b *Bot) int64 { return b.Duplicates }),
		counter("ilinkd_messages_handled_total", "Messages whose handler ended well.", func(b *Bot) int64 { return b.Handled }),
		counter("ilinkd_messages_failed_total", "Handlers that ended with an error, each try counted.", func(b *Bot) int64 { return b.Failed }),
		counter("ilinkd_messages_retried_total", "Further tries to handle a message.", func(b *Bot) int64 { return b.Retried }),
		gauge("ilinkd_messages_dead", "Messages put aside after their last try, until they are retried or dropped by hand.", func(b *Bot) int64 { return b.Dead }),
		gauge("ilinkd_messages_waiting", "Messages received and not yet handled, without the dead.", func(b *Bot) int64 { return b.Waiting }),
		seconds("ilinkd_messages_oldest_waiting_seconds", "Age of the oldest message that waits, 0 without one.", func(b *Bot) time.Duration { return b.OldestWaiting }),
		gauge("ilinkd_handlers_running", "Handlers that run now.", func(b *Bot) int64 { return int64(b.Running) }),

		counter("ilinkd_outbox_sent_total", "Sends that the server took.", func(b *Bot) int64 { return b.Sent }),
		counter("ilinkd_outbox_rejected_total", "Sends that the server refused.", func(b *Bot) int64 { return b.Rejected }),
		counter("ilinkd_outbox_uncertain_total", "Sends whose answer was lost: they may have arrived.", func(b *Bot) int64 { return b.Uncertain }),
		counter("ilinkd_outbox_expired_total", "Sends whose life time ended before they could go.", func(b *Bot) int64 { return b.Expired }),
		counter("ilinkd_outbox_unconfirmed_total", "Sends that the server accepted without an id, which it throws away.", func(b *Bot) int64 { return b.Unconfirmed }),
		gauge("ilinkd_users_held", "Users whose messages are held, as the script hits its limits with them again and again.", func(b *Bot) int64 { return b.HeldUsers }),
		gauge("ilinkd_users_suppressed", "Users whom the server doesn't deliver to, though it accepts what is sent.", func(b *Bot) int64 { return b.Suppressed }),
		gauge("ilinkd_outbox_queued", "Sends that wait, the deferred ones included.", func(b *Bot) int64 { return b.Queued }),
		gauge("ilinkd_outbox_deferred", "Sends that wait until the user writes again.", func(b *Bot) int64 { return b.Deferred }),
		gauge("ilinkd_outbox_held", "Uncertain sends that wait for a decision by hand.", func(b *Bot) int64 { return b.Held }),
		seconds("ilinkd_bot_throttled_seconds", "Time until the bot sends again after the server throttled it, 0 where it may now.", func(b *Bot) time.Duration { return b.ThrottledFor }),

		gauge("ilinkd_script_generation", "Generation of the script that handles messages.", func(b *Bot) int64 { return int64(b.Generation) }),
		counter("ilinkd_script_reloads_total", "Times that the script was loaded, the first included.", func(b *Bot) int64 { return b.Reloads }),
		counter("ilinkd_script_reload_errors_total", "Times that the script failed to load.", func(b *Bot) int64 { return b.ReloadErrors }),
		counter("ilinkd_script_process_deaths_total", "Times that the script's own process died, and another was started.", func(b *Bot) int64 { return b.Deaths }),
	}
}

// knownStates are the states that a bot may be in. Each is always there, as 0 or
// 1, so that an alert on one of them works before it came up for the first time.
func knownStates() []string {
	return []string{"running", "starting", "session_expired", "conflict", "logged_out", "unreachable", "stopped", "suspended"}
}

// otherState stands for a state that isn't known here: the label's values stay
// few, whatever is given.
const otherState = "other"
