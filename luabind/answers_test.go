package luabind

import (
	"strings"
	"testing"
)

func TestAgrees(t *testing.T) {
	for answer, want := range map[string]string{
		"没问题": "yes", "嗯嗯": "yes", "OK 👌": "yes", "ok!": "yes", "好的👍🏽": "yes", "好好好": "yes", "ＯＫ": "yes", "\u200b是的": "yes", "可以的~": "yes", "👍🏻": "yes", "Yes, please!": "yes", "当然可以。": "yes", "行吧": "yes",
		"不用了": "no", "不要了，": "no", "No thanks": "no", "别": "no", "算了吧": "no", "不不不": "no", "👎": "no", "不需要 🙏": "no",
		"不是没问题": "", "可以吗": "", "好不好": "", "ok?": "", "没问题吗？": "", "也许": "", "": "", "好的话就行": "", "要不": "", "👌👎x": "", "yes and no": "",
	} {
		got := ""
		if yes, known := agrees(answer); known && yes {
			got = "yes"
		} else if known {
			got = "no"
		}
		if got != want {
			t.Errorf("%q: %q, want %q", answer, got, want)
		}
	}
}

func TestChosen(t *testing.T) {
	choices := []string{"Tea", "Coffee", "可乐", "Cocoa"}
	for answer, want := range map[string]int{
		"②": 1, "（2）": 1, "选2": 1, "1.0": 0, "2 ": 1, "2.": 1, "2)": 1, "２": 1, "2️⃣": 1, "第二个": 1, "2号": 1, "我选3": 2, "【3】": 2, "no. 1": 0, "选②": 1, "第3个吧": 2, "⑵": 1, "2 👍": 1,
		"tea": 0, "TEA!": 0, "te": 0, "可乐": 2, "ｃｏｆｆｅｅ": 1, "\u200bcoffee": 1,
		"co": -1, "5": -1, "0": -1, "1.5": -1, "-1": -1, "": -1, "water": -1, "21世纪": -1, "选": -1, "⑤": -1, "(": -1,
	} {
		if got := chosen(choices, answer); got != want {
			t.Errorf("%q: %d, want %d", answer, got, want)
		}
	}
}

func TestStuckCommands(t *testing.T) {
	b := load(t, `
ilink.command("/天气", function(msg, args) print("weather " .. tostring(args[1]) .. " " .. tostring(args[2])) end)
ilink.command("/go", function(msg, args) print("go " .. tostring(args[1])) end)
ilink.command("你好", function(msg) print("command") end)
function on_message(msg) print("plain " .. msg.text) end`)
	for text, want := range map[string]string{
		"/天气 北京": "weather 北京 nil", "/天气北京": "weather 北京 nil", "/天气北京 明天": "weather 北京 明天", "\u200b/天气 北京": "weather 北京 nil", "／天气": "weather nil nil",
		"/go北京": "go 北京", "/gone": "plain /gone", "/go": "go nil", "你好": "command", "你好吗": "plain 你好吗", "天气北京": "plain 天气北京",
	} {
		before := len(b.host.logged())
		b.says(text)
		if got := strings.TrimSpace(b.host.logged()[before:]); got != "INFO "+want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestMatchSeesTrimmedText(t *testing.T) {
	for _, text := range []string{"12 ", " 12", "１２", "\u200b12\n"} {
		if got := matchText(text); got != "12" {
			t.Errorf("%q: %q", text, got)
		}
	}
}
