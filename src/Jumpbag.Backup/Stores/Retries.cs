using Jumpbag.Core;
using Jumpbag.Core.Events;

namespace Jumpbag.Backup.Stores;

/// <summary>What may be gone at the next attempt: a connection that broke, a server that is busy or starting.</summary>
/// <param name="reason">In a few words, without the place.</param>
/// <param name="after">How long the server asks to be left alone; null where it does not.</param>
internal sealed class TransientException(string reason, Exception? cause = null, TimeSpan? after = null) : Exception(reason, cause)
{
    public TimeSpan? After { get; } = after;
}

/// <summary>How often and for how long a store is tried again. One for each store, since what one thread learns holds for all.</summary>
internal sealed class Retries(string place, StoreOptions options)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(250), LongestDelay = TimeSpan.FromSeconds(30), WorthTelling = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private volatile bool hasWorked;
    private bool told;

    /// <summary>An answer came: the address is right.</summary>
    public void Worked() => hasWorked = true;

    /// <param name="what">A message's beginning, with the place.</param>
    public Attempts Begin(string what) => new(this, what);

    /// <summary>Does it until it is done.</summary>
    /// <exception cref="FailedException">It never was.</exception>
    public T Run<T>(string what, Func<T> act)
    {
        for (Attempts attempts = Begin(what); ;)
        {
            try
            {
                T result = act();
                Worked();
                return result;
            }
            catch (TransientException e)
            {
                attempts.Failed(e, progressed: false);
            }
        }
    }

    /// <summary>The attempts at one thing.</summary>
    internal sealed class Attempts(Retries retries, string what)
    {
        private long begin = retries.Clock.GetTimestamp();
        private int failures;

        /// <summary>Waits before the next attempt; twice as long each time, and not as long as others do who failed at the same moment.</summary>
        /// <param name="progressed">Whether the attempt brought things forward: then the waiting begins anew.</param>
        /// <exception cref="FailedException">There is to be no other.</exception>
        public void Failed(TransientException failure, bool progressed)
        {
            if (progressed)
                (begin, failures) = (retries.Clock.GetTimestamp(), 0);
            failures++;
            double half = Math.Min(FirstDelay.TotalSeconds * Math.Pow(2, failures - 1), LongestDelay.TotalSeconds) / 2;
            TimeSpan delay = TimeSpan.FromSeconds(half + half * Random.Shared.NextDouble()), spent = retries.Clock.GetElapsedTime(begin);
            if (failure.After is { } asked && asked > delay)
                delay = asked;
            if (spent + delay > retries.Patience)
                throw new FailedException($"{what}: {failure.Message}{(failures > 1 ? $" (tried {failures} times in {Math.Ceiling(spent.TotalSeconds)} s)" : "")}",
                    retries.hasWorked ? "it answered before: once it is back the command can be given again, and goes on where that is said of it" : "is the address right, and can this machine reach it?", failure);
            retries.Tell(failure, delay);
            Pause.For(delay, retries.Clock);
        }
    }

    private TimeProvider Clock => options.Clock;

    private TimeSpan Patience => hasWorked ? options.Patience : options.FirstPatience;

    /// <summary>Once: eight threads that wait for the same server are one piece of news.</summary>
    private void Tell(TransientException failure, TimeSpan delay)
    {
        lock (gate)
        {
            if (told || delay < WorthTelling)
                return;
            told = true;
        }
        options.Events(new Warning($"{place}: {failure.Message}: trying again for {options.Patience.TotalMinutes:0.#} minutes"));
    }
}
