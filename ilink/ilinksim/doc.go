// Package ilinksim simulates Tencent's iLink bot API, as httptest simulates a
// web server: the API, its CDN, the send limits and the oddities that clients
// have met, on one port of this machine.
//
//	sim := ilinksim.New()
//	defer sim.Close()
//	bot := sim.AddBot("helper")     // what a client logs in with
//	sim.Say("alice", "ping")        // a user writes to it
//	sent, err := sim.WaitSent(ctx, ilinksim.Filter{To: "alice"}, 0)
//
// Section numbers in this package are those of the protocol notes: §1 headers,
// §2 login, §3 receiving, §4 sending, §5 media.
//
// # What it is strict about
//
// Every API call needs iLink-App-Id: bot and a numeric
// iLink-App-ClientVersion; authenticated ones also Content-Type
// application/json, AuthorizationType: ilink_bot_token, Authorization: Bearer,
// X-WECHAT-UIN (base64 of a decimal uint32) and base_info.channel_version in
// the body. The two login calls only record a warning instead. The form of a
// -14 depends on its cause:
//
//	iLink-App-* header missing or wrong      {"ret":-14}
//	other header missing or wrong            {"ret":-14,"errmsg":"session timeout"}
//	token unknown, or stale                  {"errcode":-14,"errmsg":"session timeout"}
//	token replaced by a later login, fault   {"ret":-14,"errcode":-14,"errmsg":"session timeout"}
//	a second getupdates ended this one       {"ret":-14}
//
// And that of a refused send:
//
//	user never wrote, or wrong context token {"ret":-2,"errmsg":"unknown error"}
//	24 h since the user's last message       {"ret":-2,"errmsg":"prepare failed"}
//	10 sent since the user's last message    {"ret":-2}
//	burst throttle                           {"ret":-2,"errmsg":"rate limited"}, then "freq limit", in turns
//	field missing                            {"ret":-2,"errmsg":"to_user_id required"}, …
//	anything else wrong with the request     {"ret":-2,"errmsg":"invalid arguments"}
//
// Rejected tells them apart, which the wire doesn't. Sends are checked in the
// order shape, throttle, context token, window, quota; those of the wrong
// shape don't count for the throttle.
//
// Messages are consumed when a poll takes them, whatever cursor it brings; a
// poll whose client has hung up takes nothing. Successes look different from
// call to call (ids as number or string, ret there or not, the cursor empty or
// not), always in the same order.
//
// # Control API
//
// The same things for programs in any language, as JSON on the same port.
// Errors are 400 or 404 with {"error":"…"}; unknown fields are errors. User
// ids may be short ("alice" is alice@im.wechat), bot ids too ("helper" is
// helper@im.bot). Times named _ms are Unix milliseconds of the simulator's
// clock.
//
//	POST /sim/bots {"id"?}
//	    a bot account → {"bot_id","bot_token","base_url","cdn_url"}; an existing one as it is
//	POST /sim/bots/{id}/expire
//	    its token gets -14 until the next login
//	POST /sim/messages {"bot"?,"from","text"?,"image"?,"file"?,"video"?,"voice"?,"transcript"?,
//	                    "items"?,"quote"?,"quote_style"?,"partial_text"?}
//	    a user's message → {"message_id"}; media are {"name","base64","plain"?};
//	    "bot" may be left out where there is exactly one; see In
//	GET /sim/sent?bot=&to=&after=N&wait_ms=M
//	    accepted sends past N → {"sent":[Sent…]}, waiting up to M (at most 60000) for one
//	GET /sim/thrown?after=N
//	    sends that a suppress fault accepted and threw away → {"thrown":[Sent…]}
//	GET /sim/rejected?after=N
//	    refused sends → {"rejected":[Rejected…]}
//	GET /sim/typing?after=N
//	    typing indicators → {"typing":[Typing…]}
//	GET /sim/media/{id}
//	    the plaintext of a media item that a bot sent
//	POST /sim/faults {"endpoint","kind","bot"?,"count"?,"rate"?,"seed"?,"status"?,"delay_ms"?,
//	                  "ret"?,"errmsg"?,"after"?,"to"?,"burst"?,"for"?,"form"?}
//	    something goes wrong → {"id"}; see Fault
//	GET /sim/faults
//	    faults with how often they "fired"
//	DELETE /sim/faults[?id=N]
//	    no more of them
//	POST /sim/login/{qrcode} {"action",…}
//	    the phone's side of a login; see LoginAction; "confirm" answers with the bot account
//	POST /sim/clock {"advance":"25h"}, GET /sim/clock
//	    the simulator's time → {"now","now_ms"}
//	GET /sim/state
//	    a summary; see State
package ilinksim
