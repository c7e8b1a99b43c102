package ilinksim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// An outboundItem is the one item of an accepted request.
type outboundItem struct {
	kind int
	text string                     // of a text item
	body map[string]json.RawMessage // the object below <kind>_item
}

// itemKey is the field that holds the content of an item type; "" for types
// that there are none of.
func itemKey(kind int) string {
	switch kind {
	case itemText:
		return "text_item"
	case itemImage:
		return "image_item"
	case itemVoice:
		return "voice_item"
	case itemFile:
		return "file_item"
	case itemVideo:
		return "video_item"
	case itemToolCallStart:
		return "tool_call_start_item"
	case itemToolCallResult:
		return "tool_call_result_item"
	}
	return ""
}

// checkSend checks the shape of a request (protocol §4). mu must be held.
func (s *Server) checkSend(req sendRequest) (outboundItem, *refusal) {
	bad := func(errmsg, format string, args ...any) (outboundItem, *refusal) {
		return outboundItem{}, &refusal{-2, errmsg, ReasonBadRequest, fmt.Sprintf(format, args...)}
	}
	m := req.Msg
	switch {
	case m.ToUserID == "":
		return bad("to_user_id required", "msg.to_user_id is missing")
	case m.ClientID == "":
		return bad("client_id required", "msg.client_id is missing")
	case m.MessageType != messageBot:
		return bad(errInvalid, "message_type is %d; a bot's messages have 2", m.MessageType)
	case len(m.ItemList) != 1:
		return bad(errInvalid, "item_list has %d items; one item a request", len(m.ItemList))
	}
	if m.MessageState != stateFinish {
		s.warn(fmt.Sprintf("sendmessage: message_state is %d; Tencent's client sends 2", m.MessageState))
	}
	if m.GroupID != "" {
		s.warn("sendmessage: group_id given; only direct chats work")
	}
	item, problem := parseOutbound(m.ItemList[0])
	if problem != "" {
		return bad(errInvalid, "%s", problem)
	}
	return item, nil
}

// parseOutbound reads an item; problem says what the server would refuse.
func parseOutbound(raw json.RawMessage) (item outboundItem, problem string) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil || fields == nil {
		return item, "the item is no JSON object"
	}
	if json.Unmarshal(fields["type"], &item.kind) != nil {
		return item, "the item has no type"
	}
	key := itemKey(item.kind)
	if key == "" {
		return item, fmt.Sprintf("item type %d is unknown", item.kind)
	}
	var kinds []string
	for name, value := range fields {
		if strings.HasSuffix(name, "_item") && present(value) {
			kinds = append(kinds, name)
		}
	}
	slices.Sort(kinds)
	if !slices.Equal(kinds, []string{key}) {
		return item, fmt.Sprintf("item type %d must have %s alone, has %v", item.kind, key, kinds)
	}
	if json.Unmarshal(fields[key], &item.body) != nil {
		return item, key + " is no JSON object"
	}
	// Tencent's client does send these two with tool calls.
	toolCall := item.kind == itemToolCallStart || item.kind == itemToolCallResult
	for _, name := range []string{"create_time_ms", "is_completed", "update_time_ms", "msg_id"} {
		if present(fields[name]) && !(toolCall && (name == "create_time_ms" || name == "is_completed")) {
			return item, "an outbound item must not have " + name
		}
	}
	return item, item.contentProblem(key)
}

// contentProblem checks the content of the one kind that is there.
func (item *outboundItem) contentProblem(key string) string {
	switch item.kind {
	case itemText:
		if json.Unmarshal(item.body["text"], &item.text) != nil || item.text == "" {
			return "text_item.text is missing or empty"
		}
	case itemImage, itemVoice, itemFile, itemVideo:
		if !present(item.body["media"]) {
			return key + ".media is missing"
		}
		if present(item.body["url"]) {
			return "an outbound image must not have url"
		}
		for _, name := range []string{"media", "thumb_media"} {
			var media map[string]json.RawMessage
			if present(item.body[name]) && json.Unmarshal(item.body[name], &media) != nil {
				return key + "." + name + " is no JSON object"
			}
			if present(media["full_url"]) {
				return "outbound " + name + " must not have full_url"
			}
		}
	}
	return ""
}

// present tells whether a field says anything: to the real server a field
// with the zero value of its type is one that was left out.
func present(raw json.RawMessage) bool {
	switch strings.TrimSpace(string(raw)) {
	case "", "null", `""`, "0", "false", "[]":
		return false
	}
	return true
}
