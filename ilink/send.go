package ilink

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// SendResult is what is known of a message that the server accepted. Accepted
// is not delivered: the server tells nothing of that.
type SendResult struct {
	// MessageID is the server's id, a uint64 in decimal. It is "" if the server gave
	// none: then the message was accepted and, most likely, thrown away. See
	// [SendResult.Confirmed].
	MessageID string
	// ClientID is ours, given or made up.
	ClientID string
}

// Confirmed reports whether the server gave the message an id. What it delivers
// always has one; what it accepts without one never arrives, or hours later: so
// it treats users to whom it limits delivery, for days or weeks (protocol §4).
// Sending again doesn't help, and may prolong it.
func (r *SendResult) Confirmed() bool { return r.MessageID != "" }

// Send sends the items of msg, each as a message of its own, in order: the
// server takes no two in one. It stops at the first that fails. See
// [Client.SendMessage] for the errors, and for how to learn whether a message was
// more than accepted: nil says no more than that, which is logged.
func (c *Client) Send(ctx context.Context, msg *OutboundMessage) error {
	if msg == nil || len(msg.Items) == 0 {
		return fmt.Errorf("%w: the message has no items", ErrBadRequest)
	}
	// Before the first goes out: half a message is worse than none.
	for i := range msg.Items {
		if err := msg.Items[i].sendable(); err != nil {
			return err
		}
	}
	clientID := msg.ClientID
	if clientID == "" {
		clientID = NewClientID()
	}
	for i := range msg.Items {
		one := *msg
		one.Items = msg.Items[i : i+1]
		one.ClientID = clientID
		if i > 0 {
			one.ClientID = fmt.Sprintf("%s-%d", clientID, i+1)
		}
		sent, err := c.SendMessage(ctx, &one)
		if err == nil && !sent.Confirmed() {
			c.logger.WarnContext(ctx, "sendmessage: accepted without a message id: the server has most likely thrown it away", "to", msg.To, "client_id", sent.ClientID)
		}
		if err != nil {
			if len(msg.Items) > 1 {
				return fmt.Errorf("ilink: send item %d of %d: %w", i+1, len(msg.Items), err)
			}
			return err
		}
	}
	return nil
}

// Reply sends items to the sender of a message, with its context token.
func (c *Client) Reply(ctx context.Context, to *Message, items ...Item) error {
	if to == nil {
		return fmt.Errorf("%w: there is no message to reply to", ErrBadRequest)
	}
	return c.Send(ctx, &OutboundMessage{
		To: to.From, GroupID: to.GroupID, ContextToken: to.ContextToken, Items: items,
	})
}

// SendMessage sends a message of exactly one item and returns the server's id
// for it (protocol §4).
//
// An answer of the server's that refuses the message is an [*APIError], for
// which errors.Is tells [ErrWindowClosed], [ErrThrottled], [ErrBadRequest],
// [ErrUnknownUser], [ErrNotWritten] and [ErrSessionTimeout] apart. The last one, on
// a send alone, doesn't say that the session is lost: the user's next message cures
// it. What was accepted may be thrown away: see [SendResult.Confirmed]. After a [*TransportError] it isn't known whether
// the message was sent: trying again with the same ClientID is the best there
// is, and the server may or may not recognise it. What could never be sent is an
// [ErrBadRequest] without the server being asked.
func (c *Client) SendMessage(ctx context.Context, msg *OutboundMessage) (*SendResult, error) {
	switch {
	case msg == nil || len(msg.Items) != 1:
		return nil, fmt.Errorf("%w: a message has exactly one item", ErrBadRequest)
	case msg.To == "" && msg.GroupID == "":
		return nil, fmt.Errorf("%w: the message has no receiver", ErrBadRequest)
	}
	if err := msg.Items[0].sendable(); err != nil {
		return nil, err
	}
	clientID := msg.ClientID
	if clientID == "" {
		clientID = NewClientID()
	}

	type wireOutbound struct {
		FromUserID   string      `json:"from_user_id"`
		ToUserID     string      `json:"to_user_id"`
		ClientID     string      `json:"client_id"`
		MessageType  int         `json:"message_type"`
		MessageState int         `json:"message_state"`
		ItemList     []*wireItem `json:"item_list"`
		ContextToken string      `json:"context_token,omitempty"`
		RunID        string      `json:"run_id,omitempty"`
		GroupID      string      `json:"group_id,omitempty"`
	}
	const finished = 2
	req := struct {
		Msg      wireOutbound `json:"msg"`
		BaseInfo baseInfo     `json:"base_info"`
	}{
		Msg: wireOutbound{
			ToUserID: msg.To, ClientID: clientID, MessageType: int(MessageTypeBot), MessageState: finished,
			ItemList: []*wireItem{itemToWire(&msg.Items[0], outbound)}, ContextToken: msg.ContextToken,
			RunID: msg.RunID, GroupID: msg.GroupID,
		},
		BaseInfo: c.baseInfo(),
	}
	var resp struct {
		status
		MessageID json.RawMessage `json:"message_id"`
	}
	err := c.call(ctx, "sendmessage", "/ilink/bot/sendmessage", req, &resp, apiTimeout, true,
		append(itemSecrets(&msg.Items[0]), msg.ContextToken)...)
	if err != nil {
		return nil, err
	}
	// An id that can't be read must not make a failure of what was sent.
	var id wireID
	if err := id.UnmarshalJSON(resp.MessageID); err != nil {
		c.logger.WarnContext(ctx, "sendmessage: the message id could not be read", "err", err)
	}
	return &SendResult{MessageID: string(id), ClientID: clientID}, nil
}

// itemSecrets are what of an item must not be seen in an error.
func itemSecrets(it *Item) []string {
	var secrets []string
	add := func(m *CDNMedia) {
		if m != nil {
			secrets = append(secrets, m.secrets()...)
		}
	}
	if im := it.Image; im != nil {
		secrets = append(secrets, im.AESKey, im.URL)
		add(im.Media)
		add(im.ThumbMedia)
	}
	if v := it.Voice; v != nil {
		add(v.Media)
	}
	if f := it.File; f != nil {
		add(f.Media)
	}
	if v := it.Video; v != nil {
		add(v.Media)
		add(v.ThumbMedia)
	}
	if it.RefMsg != nil && it.RefMsg.Item != nil {
		secrets = append(secrets, itemSecrets(it.RefMsg.Item)...)
	}
	return secrets
}

// NewClientID returns a fresh id for an [OutboundMessage].
func NewClientID() string {
	var b [16]byte
	rand.Read(b[:])
	return "ilinkd-" + hex.EncodeToString(b[:])
}

// RecallMessage takes back a message that the bot sent; msgID is the server's id
// for it. [Client.Recall] takes the id as [SendResult] has it.
func (c *Client) RecallMessage(ctx context.Context, msgID int64) error {
	return c.Recall(ctx, canonicalID(formatInt(msgID)))
}

// Recall takes back a message that the bot sent; messageID is
// [SendResult].MessageID. WeChat may put a time limit on it.
//
// Only one of the sources for this protocol knows of this call, and Tencent's
// own client has none like it: the server may not support it (protocol §4).
func (c *Client) Recall(ctx context.Context, messageID string) error {
	if messageID == "" {
		return errors.New("ilink: recall: the message id is empty")
	}
	req := struct {
		MsgID    wireID   `json:"msg_id"`
		BaseInfo baseInfo `json:"base_info"`
	}{wireID(messageID), c.baseInfo()}
	var resp status
	return c.call(ctx, "recallmessage", "/ilink/bot/recallmessage", req, &resp, apiTimeout, true)
}
