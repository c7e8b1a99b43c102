local bot = load_bot("nobot.lua")
it("can't be loaded", function() bot:user("alice"):says("x") end)
