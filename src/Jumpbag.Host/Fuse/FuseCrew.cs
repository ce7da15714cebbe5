namespace Jumpbag.Host.Fuse;

/// <summary>
/// The threads that serve one mount. One of them listens to the kernel and answers what it hears; the others stand by where no request
/// wakes them, and one takes over when several requests wait, or when one takes long.
/// </summary>
/// <remarks>
/// Where all of them wait in the kernel each request goes to another thread, on a processor that has to be woken for it: that takes
/// longer than most answers do.
/// </remarks>
internal sealed class FuseCrew
{
    /// <summary>Who is answering one request for so long keeps others waiting.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    /// <summary>So often is looked in vain whether somebody keeps others waiting, before that is left until the next request.</summary>
    private const int MostTicks = 100;

    private readonly object gate = new();
    private FuseWorker? listener;
    private long requests;
    private int standingBy, asleep;
    private bool isServing, isOver;

    /// <summary>Waits until it is for this one to listen; false when the mount has ended.</summary>
    public bool Listen(FuseWorker worker)
    {
        lock (gate)
        {
            if (listener != worker)
            {
                standingBy++;
                StandBy();
                standingBy--;
                listener = worker;
            }
            isServing = false;
            return !isOver;
        }
    }

    /// <summary>The one who listens has a request.</summary>
    /// <returns>Whether another one could listen meanwhile.</returns>
    public bool Begin()
    {
        lock (gate)
        {
            requests++;
            isServing = true;
            if (asleep > 0)
                Monitor.PulseAll(gate);
            return standingBy > 0;
        }
    }

    /// <summary>The one who listens lets another one do so.</summary>
    public void HandOver()
    {
        lock (gate)
        {
            listener = null;
            Monitor.Pulse(gate);
        }
    }

    /// <summary>No more requests come.</summary>
    public void End()
    {
        lock (gate)
        {
            isOver = true;
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Until nobody listens, or the one who should has answered one request for a whole tick.</summary>
    private void StandBy()
    {
        int quiet = 0;
        while (listener is not null && !isOver)
        {
            long seen = requests;
            bool sleeps = quiet >= MostTicks;
            asleep += sleeps ? 1 : 0;
            bool wasTold = Monitor.Wait(gate, sleeps ? Timeout.InfiniteTimeSpan : Tick);
            asleep -= sleeps ? 1 : 0;
            if (wasTold || requests != seen)
                quiet = 0;
            else if (isServing)
                return;
            else
                quiet++;
        }
    }
}
