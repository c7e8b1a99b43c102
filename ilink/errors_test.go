package ilink

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestAPIErrorKinds(t *testing.T) {
	sentinels := []error{ErrSessionTimeout, ErrWindowClosed, ErrThrottled, ErrBadRequest}
	for _, tc := range []struct {
		op   string
		s    status
		want error
	}{
		{"sendmessage", status{Ret: -14}, ErrSessionTimeout},
		{"sendmessage", status{ErrCode: -14}, ErrSessionTimeout},
		{"getupdates", status{Ret: -14, ErrCode: -14, ErrMsg: "session timeout"}, ErrSessionTimeout},
		{"getupdates", status{Ret: -1, ErrCode: -14}, ErrSessionTimeout},
		{"sendmessage", status{Ret: -12}, ErrThrottled},
		{"sendmessage", status{ErrCode: -12}, ErrThrottled},
		{"sendmessage", status{Ret: -2, ErrMsg: "rate limited"}, ErrThrottled},
		{"sendmessage", status{Ret: -2, ErrMsg: "freq limit"}, ErrThrottled},
		{"sendmessage", status{Ret: -2, ErrMsg: "Rate Limit exceeded"}, ErrThrottled},
		{"sendmessage", status{Ret: -2, ErrMsg: "to_user_id required"}, ErrBadRequest},
		{"sendmessage", status{Ret: -2, ErrMsg: "invalid arguments"}, ErrBadRequest},
		{"getuploadurl", status{Ret: -2, ErrMsg: "filekey required"}, ErrBadRequest},
		// What is redacted still says which case it is.
		{"sendmessage", status{Ret: -2, ErrMsg: "context_token: required"}, ErrBadRequest},
		{"sendmessage", status{Ret: -2, ErrMsg: "prepare failed"}, ErrWindowClosed},
		{"sendmessage", status{Ret: -2, ErrMsg: "unknown error"}, ErrWindowClosed},
		{"sendmessage", status{Ret: -2}, ErrWindowClosed},
		{"sendmessage", status{ErrCode: -2}, ErrWindowClosed},
		{"getconfig", status{Ret: -2}, nil},
		{"getuploadurl", status{Ret: -1}, nil},
		{"sendmessage", status{Ret: -7, ErrMsg: "rate limited"}, nil},
	} {
		err := tc.s.err(tc.op, newRedactor())
		var api *APIError
		if !errors.As(err, &api) || api.Op != tc.op || api.Ret == 0 {
			t.Fatalf("%+v: %#v", tc.s, err)
		}
		for _, s := range sentinels {
			if got, want := errors.Is(fmt.Errorf("outer: %w", err), s), s == tc.want; got != want {
				t.Errorf("%s %+v: errors.Is(%v) is %v", tc.op, tc.s, s, got)
			}
		}
		// One that a caller builds from the fields is sorted the same.
		if api.known != nil && !strings.Contains(api.ErrMsg, redacted) {
			plain := &APIError{Ret: api.Ret, Op: api.Op, ErrCode: api.ErrCode, ErrMsg: api.ErrMsg}
			if !errors.Is(plain, tc.want) {
				t.Errorf("%+v: not %v", plain, tc.want)
			}
		}
	}
	if err := (status{ErrMsg: "ok"}).err("sendmessage", newRedactor()); err != nil {
		t.Errorf("ret 0: %v", err)
	}
	if (&APIError{Ret: -7}).Is(nil) {
		t.Error("Is(nil)")
	}
}

func TestAPIErrorText(t *testing.T) {
	for _, tc := range []struct {
		err  APIError
		want string
	}{
		{APIError{Ret: -2, Op: "sendmessage"}, "ilink: sendmessage: ret=-2: window closed or quota used up (wait for the user to write)"},
		{APIError{Ret: -1, Op: "getuploadurl"}, "ilink: getuploadurl: ret=-1"},
		{APIError{Ret: -3, ErrCode: -4, ErrMsg: "不行", Op: "getconfig"}, `ilink: getconfig: ret=-3 errcode=-4 errmsg="不行": the server knows no user of that id (ids are case-sensitive: use them as they came)`},
		{APIError{Ret: -4, Op: "getconfig"}, `ilink: getconfig: ret=-4: the user has not written to the bot yet (wait for their first message)`},
		{APIError{Ret: -14, ErrCode: -14, Op: "getupdates"}, "ilink: getupdates: ret=-14: session timeout (re-login required)"},
	} {
		if got := tc.err.Error(); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}
}
