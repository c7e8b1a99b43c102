-- use: lib.new(10, { x = 0 }, { x = 5 }, "inQuad").at(5)
-- want: 1.25
-- Easings in a table.
local tween = { _LICENSE = [[
  MIT LICENSE
]] }
local pow, sin, cos, pi, abs, asin = math.pow or function(a, b) return a ^ b end, math.sin, math.cos, math.pi, math.abs, math.asin
local function linear(t, b, c, d) return c * t / d + b end
local function inQuad(t, b, c, d) return c * pow(t / d, 2) + b end
local function outSine(t, b, c, d) return c * sin(t / d * (pi / 2)) + b end
local function inElastic(t, b, c, d) local p = d * .3 local s = c < abs(c) and p / 4 or p / (2 * pi) * asin(1) return -(c * cos((t * d - s) * (2 * pi) / p)) + b end
tween.easing = { linear = linear, inQuad = inQuad, outSine = outSine, inElastic = inElastic }
function tween.new(duration, subject, target, easing)
  easing = easing or "linear"
  if type(easing) == "string" then
    local name = easing
    easing = tween.easing[name]
    if type(easing) ~= "function" then error("The easing function name '" .. name .. "' is invalid") end
  end
  return { at = function(clock)
    for k, v in pairs(target) do return easing(clock, subject[k], v - subject[k], duration) end
  end }
end
return tween
