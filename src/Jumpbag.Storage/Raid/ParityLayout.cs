using Jumpbag.Core;

namespace Jumpbag.Storage.Raid;

/// <summary>Where a stripe's parity lies: the indexes of the members with P and Q; Q is -1 where there is none.</summary>
internal readonly record struct StripePlan(int P, int Q);

/// <summary>
/// How RAID 4, 5 and 6 lay out their stripes: which member of a stripe has its parity, and which the data. The numbers are those
/// of MD's layouts, include/uapi/linux/raid/md_p.h and drivers/md/raid5.h of Linux.
/// </summary>
public sealed class ParityLayout
{
    public const int LeftAsymmetric = 0, RightAsymmetric = 1, LeftSymmetric = 2, RightSymmetric = 3, ParityFirst = 4, ParityLast = 5;

    /// <summary>RAID 6 only: the layouts of SNIA's DDF, whose Q counts every member, and those of RAID 5 with Q on a member of its own.</summary>
    public const int RotatingZeroRestart = 8, RotatingLastRestart = 9, RotatingLastContinue = 10,
        LeftAsymmetric6 = 16, RightAsymmetric6 = 17, LeftSymmetric6 = 18, RightSymmetric6 = 19, ParityFirst6 = 20;

    private readonly int layout;

    private ParityLayout(int level, int layout, int members)
    {
        Level = level;
        this.layout = layout;
        Members = members;
    }

    /// <summary>4, 5 or 6.</summary>
    public int Level { get; }

    public int Members { get; }

    /// <summary>How many members may be missing.</summary>
    public int Redundancy => Level == 6 ? 2 : 1;

    public int DataMembers => Members - Redundancy;

    private bool IsDdf => Level == 6 && layout is RotatingZeroRestart or RotatingLastRestart or RotatingLastContinue;

    /// <summary>RAID 4 has one layout only, whatever the number says.</summary>
    /// <exception cref="UnsupportedException">The layout is not known.</exception>
    /// <exception cref="CorruptException">So few or so many members cannot be.</exception>
    public static ParityLayout Create(int level, int layout, int members)
    {
        bool known = level switch
        {
            4 => true,
            5 => layout is >= LeftAsymmetric and <= ParityLast,
            6 => layout is (>= LeftAsymmetric and <= ParityLast) or (>= RotatingZeroRestart and <= RotatingLastContinue) or (>= LeftAsymmetric6 and <= ParityFirst6),
            _ => false,
        };
        if (!known)
            throw new UnsupportedException($"RAID {level} with the layout {layout} is not known here");
        // A byte tells the members of a RAID 6 apart, and the kernel takes no more for the others.
        if (members < (level == 6 ? 3 : 2) || members > 255)
            throw new CorruptException($"RAID {level} of {members} members is claimed");
        return new(level, level == 4 ? ParityLast : layout, members);
    }

    internal StripePlan Stripe(long number)
    {
        int n = Members, last = n - 1;
        if (Level != 6)
            return new(layout switch
            {
                LeftAsymmetric or LeftSymmetric => last - (int)(number % n),
                RightAsymmetric or RightSymmetric => (int)(number % n),
                ParityFirst => 0,
                _ => last,
            }, -1);
        int p = layout switch
        {
            RightAsymmetric or RightSymmetric or RotatingZeroRestart => (int)(number % n),
            LeftAsymmetric or LeftSymmetric or RotatingLastContinue => last - (int)(number % n),
            RotatingLastRestart => last - (int)((number + 1) % n),
            ParityFirst or ParityFirst6 => 0,
            ParityLast => n - 2,
            LeftAsymmetric6 or LeftSymmetric6 => n - 2 - (int)(number % last),
            _ => (int)(number % last),
        };
        int q = layout switch
        {
            >= LeftAsymmetric6 => last,
            RotatingLastContinue => (p + last) % n,
            _ => (p + 1) % n,
        };
        return new(p, q);
    }

    /// <summary>The member that has the stripe's data chunk of this index.</summary>
    internal int DataMember(StripePlan stripe, int index)
    {
        int n = Members;
        switch (layout)
        {
            // From the parity on, and round.
            case LeftSymmetric or RightSymmetric:
                return (stripe.P + 1 + (Level == 6 ? 1 : 0) + index) % n;
            case RotatingLastContinue:
                return (stripe.P + 1 + index) % n;
            case LeftSymmetric6 or RightSymmetric6:
                return (stripe.P + 1 + index) % (n - 1);
        }
        // In order, with the parity left out.
        int low = stripe.Q < 0 ? stripe.P : Math.Min(stripe.P, stripe.Q), high = stripe.Q < 0 ? n : Math.Max(stripe.P, stripe.Q);
        if (index >= low)
            index++;
        return index >= high ? index + 1 : index;
    }

    /// <summary>Of a member with data: which power of 2 is its weight in Q.</summary>
    internal int Weight(StripePlan stripe, int member)
    {
        if (IsDdf)
            return member;
        // Counted from the member behind Q, without P; a Q that is last leaves the count at the first.
        int n = Members, first = stripe.Q == n - 1 ? 0 : stripe.Q + 1;
        int order = (member - first + n) % n;
        return (stripe.P - first + n) % n < order ? order - 1 : order;
    }
}
