ilink.every("0 25 * * *", print)
ilink.every("10 minuts", print, { zone = "Asia/Shanghia" })
ilink.every("2h", print, { zone = "UTC" })
ilink.every("@dayly", print)

function on_message(msg)
  ilink.at("25:99", print)
  ilink.at("2030-01-31 18:00", print)
  ilink.after("1 hour", print)
  ilink.after("soon", print)
  msg:ask("Well?", { timeout = "5 min" })
  msg:ask("Well?", { timeout = "a while" })
  msg:reply { text = "x", lifetime = "" }
end

-- want 1:13: error: ilink.every: when: the hour "25" is not made of numbers from 0 to 23; …
-- want 2:13: error: ilink.every: when: "10 minuts" has 2 fields instead of 5: …
-- want 2:42: error: ilink.every: zone: there is no time zone "Asia/Shanghia"; zones are named as in "Asia/Shanghai"
-- want 4:13: error: ilink.every: when: "@dayly" is none of @hourly, @daily, @weekly, @monthly, @yearly; …
-- want 7:12: error: ilink.at: when: "25:99" is no time, which is written as "2030-01-31 18:00", as "18:00" or as seconds since 1970
-- want 10:15: error: ilink.after: span: "soon" is no span of time, which is written as "10m", "2h" or as seconds
-- want 12:32: error: msg:ask: timeout: "a while" is no span of time, which is written as "10m", "2h" or as seconds
-- want 13:38: error: msg:reply: lifetime: "" is no span of time, which is written as "10m", "2h" or as seconds
