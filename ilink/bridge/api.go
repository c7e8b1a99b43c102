package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
)

const (
	// DefaultAPIBaseURL is where the API is, until a login names another base. An
	// empty base URL means this one.
	DefaultAPIBaseURL = "https://ilinkai.weixin.qq.com"

	// partPause lies between the parts of a long text: a bot that sends more than
	// about three messages in a second is throttled (protocol §4).
	partPause = 350 * time.Millisecond
)

// GetUpdates polls iLink for new messages. It blocks until there are some, for
// up to about 35 seconds; a time-out on our side, and so the end of ctx's deadline, is
// an empty response with Ret 0 and the cursor that was given.
//
// A failure that the API reports is in the response (Ret, ErrCode, ErrMsg). The
// error is for what got no answer: an [*ilink.TransportError], or one for which
// errors.Is(err, context.Canceled) holds when ctx was cancelled.
//
// The server forgets what it delivered: keep the messages safe before the
// cursor is.
func GetUpdates(ctx context.Context, apiBaseURL, botToken, getUpdatesBuf string) (*GetUpdatesResponse, error) {
	u, err := newClient(apiBaseURL, botToken).GetUpdates(ctx, getUpdatesBuf, 0)
	var refused *ilink.APIError
	if errors.As(err, &refused) {
		return &GetUpdatesResponse{Ret: refused.Ret, ErrCode: refused.ErrCode, ErrMsg: refused.ErrMsg}, nil
	}
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &GetUpdatesResponse{GetUpdatesBuf: getUpdatesBuf}, nil
	}
	if err != nil {
		return nil, err
	}
	resp := &GetUpdatesResponse{
		GetUpdatesBuf: u.Cursor, LongPollingTimeoutMs: int(u.Hold / time.Millisecond),
	}
	for _, m := range u.Messages {
		resp.Msgs = append(resp.Msgs, messageFrom(m))
	}
	for _, bad := range u.Malformed {
		// The response has no place for them, and they don't come again.
		slog.ErrorContext(ctx, "a message could not be read", "err", bad.Err, "bytes", len(bad.Raw))
	}
	return resp, nil
}

// SendTextMessage sends a text to a WeChat user. contextToken is that of the
// user's newest message.
//
// A text of more than [ilink.MaxTextRunes] code points, which the server would
// cut, goes out as several messages in order, 350 ms apart; the first that fails
// is the last that is tried, and the error says which it was. For the errors see
// [ilink.Client.SendMessage]: errors.Is tells ilink.ErrWindowClosed,
// ilink.ErrThrottled and the like apart.
func SendTextMessage(ctx context.Context, apiBaseURL, botToken, toUserID, text, contextToken string) error {
	parts := ilink.SplitText(text, 0)
	if len(parts) == 0 {
		return fmt.Errorf("%w: the text is empty", ilink.ErrBadRequest)
	}
	c := newClient(apiBaseURL, botToken)
	for i, part := range parts {
		err := error(nil)
		if i > 0 {
			err = sleep(ctx, partPause)
		}
		if err == nil {
			_, err = c.SendMessage(ctx, &ilink.OutboundMessage{
				To: toUserID, ContextToken: contextToken, Items: []ilink.Item{ilink.TextMessage(part)},
			})
		}
		if err != nil && len(parts) > 1 {
			return fmt.Errorf("bridge: send part %d of %d: %w", i+1, len(parts), err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// newClient is the client of the single calls. Its HTTP transport is net/http's
// shared one.
func newClient(baseURL, botToken string) *ilink.Client {
	return ilink.NewClient(ilink.Token{BotToken: botToken, BaseURL: orDefaultBase(baseURL)})
}

func orDefaultBase(u string) string {
	if u == "" {
		return DefaultAPIBaseURL
	}
	return u
}

// sleep waits for d, or until ctx ends, and then returns its error.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
