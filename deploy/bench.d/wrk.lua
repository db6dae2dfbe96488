-- Prints what wrk measured as one line of JSON, latencies in microseconds.
-- With `link FILE` as arguments it posts link token requests with the keys of the file's lines in turn, `id secret`.
local requests, turn = {}, 0

function init(arguments)
    if arguments[1] ~= "link" then return end
    for id, secret in io.open(arguments[2]):read("*a"):gmatch("(%S+) (%S+)\n") do
        requests[#requests + 1] = wrk.format("POST", nil, {
            ["Content-Type"] = "application/json", ["X-Client-Id"] = id, ["X-Client-Secret"] = secret,
        }, [[{"userId":"user-7","transferOptions":{"transactionId":"order-1001","transferType":"payment",]]
            .. [["amountInFiat":25.5,"toAddresses":[{"networkId":"e3c7fdd8-b1fc-4e51-85ae-bb276e075611",]]
            .. [["symbol":"USDC","address":"0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0"}]}}]])
    end
    request = function()
        turn = turn % #requests + 1
        return requests[turn]
    end
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format('\n{"requests":%d,"seconds":%.6f,"failed":%d,"p50":%.1f,"p99":%.1f}\n', summary.requests,
        summary.duration / 1e6, errors.connect + errors.read + errors.write + errors.status + errors.timeout,
        latency:percentile(50), latency:percentile(99)))
end
