describe("digest", function()
  local bot = load_bot()
  local alice, bob = bot:user("alice"), bot:user("bob")

  -- The places of the stub are in the zone of the clock.
  local geocoding = "https://geocoding-api.open-meteo.com/*"
  local service = "https://api.open-meteo.com/v1/forecast"

  before_each(function()
    clock.set("20:00")
    http.stub(geocoding, {
      json = { results = { { name = "上海", latitude = 31.2, longitude = 121.5, timezone = "local" } } },
    })
    http.stub(service, { json = { daily = {
      temperature_2m_max = { 8.6 }, temperature_2m_min = { 1.2 }, precipitation_probability_max = { 40 },
    } } })
  end)

  local function subscribe(user)
    user:says("/subscribe Shanghai")
    expect(user:hears()).to.match("^You get the weather of 上海 at 9:00")
  end

  local morning = "☀️ Good morning!\n上海: 1 to 8 °C, rain 40 %\n"

  it("comes each morning, once", function()
    subscribe(alice)
    clock.set("08:59")
    alice:hears_nothing()
    clock.set("09:00")
    expect(alice:hears()).to.contain(morning)
    clock.set("23:59")
    alice:hears_nothing()
    expect(http.requests()[2].url).to.contain("latitude=31.2")
    alice:says("👍")
    expect(alice:hears()).to.contain("tomorrow")
    clock.set("09:00")
    expect(alice:hears()).to.contain(morning)
  end)

  it("comes when the user writes, if it may not come before", function()
    subscribe(alice)
    alice:window { open = false }
    clock.set("09:00")
    alice:hears_nothing()
    clock.advance(3600)
    alice:says("hello?")
    expect(alice:heard()).to.contain(morning)
  end)

  it("is gone when its day is over", function()
    subscribe(alice)
    alice:window { open = false }
    clock.set("09:00")
    clock.advance(16 * 3600)
    alice:says("hello?")
    expect(alice:hears()).to.contain("tomorrow")
    alice:hears_nothing()
  end)

  it("tries again when the service fails", function()
    subscribe(alice)
    http.stub(service, { status = 500 })
    clock.set("09:00")
    http.stub(service, { error = "connection refused" })
    clock.advance(900)
    expect(bot:log()).to.contain("connection refused")
    http.stub(service, { json = { daily = {
      temperature_2m_max = { -1 }, temperature_2m_min = { -9.5 }, precipitation_probability_max = { 0 },
    } } })
    alice:hears_nothing()
    clock.advance(900)
    expect(alice:hears()).to.contain("上海: -9 to -1 °C, rain 0 %")
  end)

  it("knows the places and their zones", function()
    http.stub(geocoding, { json = { results = { { name = "Tokyo", latitude = 1, longitude = 2, timezone = "Asia/Tokyo" } } } })
    bob:says("/subscribe 東京")
    expect(bob:hears()).to.contain("of Tokyo at 9:00 each day, Asia/Tokyo time")
    http.stub(geocoding, { json = {} })
    alice:says("/subscribe Atlantis")
    expect(alice:hears()).to.equal("I don't know Atlantis.")
    http.stub(geocoding, "<html>")
    alice:says("/subscribe Berlin")
    expect(alice:hears()).to.contain("try again later")
    alice:says("/subscribe")
    expect(alice:hears()).to.contain("Where are you?")
  end)

  it("ends", function()
    subscribe(alice)
    subscribe(bob)
    alice:says("/unsubscribe")
    expect(alice:hears()).to.contain("no more")
    alice:says("/unsubscribe")
    expect(alice:hears()).to.contain("no subscription")
    bot:restart()
    clock.set("09:00")
    alice:hears_nothing()
    expect(bob:hears()).to.contain(morning)
  end)

  it("tells the weather when it is asked", function()
    alice:says("hello")
    expect(alice:hears()).to.contain("/subscribe 上海")
    alice:says("/now")
    expect(alice:hears()).to.contain("/subscribe first")
    subscribe(alice)
    alice:says("/now")
    expect(alice:hears()).to.equal("上海: 1 to 8 °C, rain 40 %")
    http.stub(service, "{}")
    alice:says("/now")
    expect(alice:hears()).to.contain("try again later")
  end)
end)
