namespace Jumpbag.Board.Access;

/// <summary>How often an address came with a wrong key within a minute. A right key never asks here.</summary>
public sealed class WrongKeys
{
    public const int Most = 10;

    /// <summary>Whoever comes from more addresses is counted as one.</summary>
    private const int MostAddresses = 10_000;

    private static readonly TimeSpan Span = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly Dictionary<string, (DateTimeOffset Since, int Count)> counts = [];

    /// <summary>Counts one more; whether those were too many.</summary>
    public bool Add(string address, DateTimeOffset now)
    {
        lock (gate)
        {
            if (counts.Count >= MostAddresses)
            {
                foreach (string old in counts.Where(one => now - one.Value.Since > Span).Select(one => one.Key).ToArray())
                    counts.Remove(old);
                if (counts.Count >= MostAddresses)
                    address = "";
            }
            (DateTimeOffset since, int count) = counts.GetValueOrDefault(address, (now, 0));
            if (now - since > Span)
                (since, count) = (now, 0);
            counts[address] = (since, count + 1);
            return count + 1 > Most;
        }
    }
}
