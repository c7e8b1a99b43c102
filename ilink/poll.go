package ilink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

const (
	// defaultHold is how long the server holds a poll when it has not said.
	defaultHold = 35 * time.Second
	// maxHold bounds what the server may suggest.
	maxHold = 5 * time.Minute
	// holdGrace is how much longer we wait than the server holds. The server
	// takes a message as delivered when it writes its answer: giving up at the
	// same moment as the server answers would lose what is in it.
	holdGrace = 10 * time.Second

	// retryDelay follows a failed poll, backoffDelay the third in a row and
	// those after it (protocol §3).
	retryDelay     = 2 * time.Second
	backoffDelay   = 30 * time.Second
	failuresInARow = 3

	// stopGrace is how long ListenAndServe's end waits for the server to be told of
	// it: longer than a request needs to get out, and not as long as a server hangs.
	stopGrace = 800 * time.Millisecond

	// lastTake is how long messages that came while we were being stopped may
	// take to be kept safe.
	lastTake = 5 * time.Second

	// A server that holds nothing and says nothing would be asked without end:
	// after idleInARow answers that were empty and took less than idleAnswer,
	// there is a pause of idlePause.
	idleInARow = 20
	idleAnswer = 5 * time.Millisecond
	idlePause  = time.Second
)

// Updates is what one poll brought.
type Updates struct {
	// Messages are in the order in which the server sent them. Delivery is at
	// least once: see [Message.Key].
	Messages []*Message
	// Malformed are messages that could not be read; the server will not send
	// them again.
	Malformed []MalformedMessage
	// Cursor is what to poll with next; it is never "" unless the one polled
	// with was.
	Cursor string
	// Hold is for how long the server wants to hold the next poll, 0 if it
	// didn't say.
	Hold time.Duration
}

// MalformedMessage is a message that isn't the JSON of a message.
type MalformedMessage struct {
	// Raw is the message as it came. It may hold secrets.
	Raw json.RawMessage
	// Err says what is wrong with it.
	Err error
}

// GetUpdates makes one poll (protocol §3). It blocks until there are messages or
// the server's hold has passed; hold is how long that is, 0 for the default. A
// time-out on our side is an empty answer, not an error.
//
// The server forgets what it delivered: keep the messages safe before the
// cursor is, for an older cursor doesn't bring them back.
func (c *Client) GetUpdates(ctx context.Context, cursor string, hold time.Duration) (*Updates, error) {
	if hold <= 0 {
		hold = defaultHold
	}
	hold = min(hold, maxHold)
	var resp struct {
		status
		Msgs          []json.RawMessage `json:"msgs"`
		GetUpdatesBuf json.RawMessage   `json:"get_updates_buf"`
		HoldMs        json.RawMessage   `json:"longpolling_timeout_ms"`
	}
	req := struct {
		GetUpdatesBuf string   `json:"get_updates_buf"`
		BaseInfo      baseInfo `json:"base_info"`
	}{cursor, c.baseInfo()}

	err := c.call(ctx, "getupdates", "/ilink/bot/getupdates", req, &resp, hold+holdGrace, false)
	var te *TransportError
	if errors.As(err, &te) && te.Kind == FailureTimeout && ctx.Err() == nil {
		return &Updates{Cursor: cursor}, nil
	}
	if err != nil {
		return nil, err
	}

	// These two are read apart from the rest: whatever is wrong with them, the
	// messages beside them are gone from the server.
	u := &Updates{Cursor: cursor}
	var holdMs wireInt
	if err := holdMs.UnmarshalJSON(resp.HoldMs); err == nil && holdMs > 0 {
		u.Hold = min(time.Duration(min(holdMs, wireInt(maxHold/time.Millisecond)))*time.Millisecond, maxHold)
	}
	var next string
	if err := json.Unmarshal(resp.GetUpdatesBuf, &next); err == nil && next != "" {
		u.Cursor = next
	}
	for _, raw := range resp.Msgs {
		m := new(Message)
		// One bad message must not take the others with it: they are gone from
		// the server.
		if err := json.Unmarshal(raw, m); err != nil {
			u.Malformed = append(u.Malformed, MalformedMessage{Raw: raw, Err: errors.New(c.red.text(err.Error()))})
			continue
		}
		u.Messages = append(u.Messages, m)
	}
	return u, nil
}

// Listen polls until ctx ends and calls take with what each poll brought, if
// that was anything. The cursor moves, in memory and in the [CursorStore], only
// after take returned nil; while it returns an error it is called again with the
// same updates, after a pause, and nothing further is polled. If ctx has ended
// meanwhile it is called one last time, with a context of its own that lasts
// five seconds, since what it doesn't take then is lost.
//
// Failed polls are logged and tried again after 2 s, from the third in a row
// after 30 s, both spread by a fifth. Listen returns ctx.Err() when ctx ends,
// and an error for which errors.Is(err, [ErrSessionTimeout]) holds when the
// server no longer knows the token.
func (c *Client) Listen(ctx context.Context, take func(ctx context.Context, u *Updates) error) error {
	cursor, err := c.cursor.LoadCursor(ctx)
	if err != nil {
		return err
	}
	var hold time.Duration
	failures, idle := 0, 0
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		asked := time.Now()
		u, err := c.GetUpdates(ctx, cursor, hold)
		if ctx.Err() != nil && err != nil {
			return ctx.Err()
		}
		if errors.Is(err, ErrSessionTimeout) {
			return err
		}
		if err != nil {
			failures++
			pause := spread(pollPause(failures))
			c.logger.WarnContext(ctx, "poll failed", "err", err, "failures", failures, "retry_in", pause)
			if err := sleep(ctx, pause); err != nil {
				return err
			}
			continue
		}
		failures = 0
		if u.Hold > 0 {
			hold = u.Hold
		}
		for _, bad := range u.Malformed {
			c.logger.ErrorContext(ctx, "a message could not be read", "err", bad.Err, "bytes", len(bad.Raw))
		}
		if len(u.Messages) > 0 || len(u.Malformed) > 0 {
			if err := c.hand(ctx, u, take); err != nil {
				return err
			}
		}
		if u.Cursor != cursor {
			cursor = u.Cursor
			// Not fatal: the messages are safe, and the server would not send them
			// again for an older cursor either.
			if err := c.cursor.SaveCursor(context.WithoutCancel(ctx), cursor); err != nil {
				c.logger.ErrorContext(ctx, "save the cursor", "err", err)
			}
		}
		if len(u.Messages) == 0 && time.Since(asked) < idleAnswer {
			idle++
		} else {
			idle = 0
		}
		if idle >= idleInARow {
			if err := sleep(ctx, spread(idlePause)); err != nil {
				return err
			}
		}
	}
}

// hand calls take until it succeeds; the messages exist nowhere else.
func (c *Client) hand(ctx context.Context, u *Updates, take func(context.Context, *Updates) error) error {
	for failures := 1; ; failures++ {
		err := take(ctx, u)
		if err == nil {
			return nil
		}
		pause := spread(pollPause(failures))
		c.logger.ErrorContext(ctx, "messages were not taken", "err", err, "messages", len(u.Messages), "retry_in", pause)
		if sleep(ctx, pause) == nil {
			continue
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTake)
		defer cancel()
		if err := take(last, u); err != nil {
			c.logger.ErrorContext(ctx, "messages are lost", "err", err, "messages", len(u.Messages))
			return ctx.Err()
		}
		// Taken: the caller moves the cursor and then sees that ctx has ended.
		return nil
	}
}

func pollPause(failures int) time.Duration {
	if failures >= failuresInARow {
		return backoffDelay
	}
	return retryDelay
}

// ListenAndServe polls and calls h for each message, one after the other. It
// returns ctx.Err() when ctx ends, and [ErrSessionTimeout] when the server no
// longer knows the token, so that the caller can log in again.
//
// An error or a panic of the handler is logged and does not stop the loop; the
// message then counts as handled. The cursor moves after the handler was called
// for all messages of a poll. For batches and for retries see [Client.Listen].
//
// The server is told of start and stop ([Client.NotifyStart] and
// [Client.NotifyStop]) beside all this: the first poll doesn't wait for the former,
// and the return no longer than 0.8 s for the latter. It doesn't matter whether
// either works.
func (c *Client) ListenAndServe(ctx context.Context, h Handler) error {
	if h == nil {
		return errors.New("ilink: ListenAndServe: there is no handler")
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	started := c.tellStart(ctx)
	defer started()
	err := c.Listen(ctx, func(ctx context.Context, u *Updates) error {
		for _, msg := range u.Messages {
			c.serve(ctx, h, msg)
		}
		return nil
	})
	if errors.Is(err, ErrSessionTimeout) {
		return ErrSessionTimeout
	}
	started() // the server is to hear of the start before it hears of the stop, or not at all
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	if err := c.NotifyStop(stopping); err != nil {
		c.logger.WarnContext(ctx, "the server was not told of the stop", "err", err)
	}
	return err
}

// tellStart calls NotifyStart on a goroutine of its own. What it returns ends that
// call, if it goes on still, and waits for the goroutine.
func (c *Client) tellStart(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var telling sync.WaitGroup
	telling.Go(func() {
		if err := c.NotifyStart(ctx); err != nil && ctx.Err() == nil {
			c.logger.WarnContext(ctx, "the server was not told of the start", "err", err)
		}
	})
	return func() {
		cancel()
		telling.Wait()
	}
}

// serve calls the handler and logs how it failed, if it did.
func (c *Client) serve(ctx context.Context, h Handler, msg *Message) {
	defer func() {
		if p := recover(); p != nil {
			c.logger.ErrorContext(ctx, "handler panicked", "from", msg.From, "message_id", msg.ID,
				"panic", c.red.and(msg.ContextToken).text(fmt.Sprint(p)), "stack", string(debug.Stack()))
		}
	}()
	if err := h.ServeMessage(ctx, msg); err != nil {
		c.logger.ErrorContext(ctx, "handler failed", "from", msg.From, "message_id", msg.ID, "err", err)
	}
}

// NotifyStart tells the server that the bot starts to poll. It never takes
// longer than 10 s; a failure is worth a log line and nothing more.
func (c *Client) NotifyStart(ctx context.Context) error { return c.notify(ctx, "notifystart") }

// NotifyStop tells the server that the bot stops. Call it with a context that
// outlives the shutdown.
func (c *Client) NotifyStop(ctx context.Context) error { return c.notify(ctx, "notifystop") }

func (c *Client) notify(ctx context.Context, op string) error {
	var resp status
	req := struct {
		BaseInfo baseInfo `json:"base_info"`
	}{c.baseInfo()}
	return c.call(ctx, op, "/ilink/bot/msg/"+op, req, &resp, configTimeout, true)
}
