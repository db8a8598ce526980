// Generated from the declarations by `npm run contract`. Do not edit.

/** What can be asked for, by name: over REST, or as a socket message. */
export interface Operations {
  /**
   * Sign a restaurant up, with its owner
   *
   * Answers the restaurant and the owner, who then logs in with e-mail and password.
   *
   * Permission: public.
   */
  'restaurant:sign-up': {
    kind: 'command';
    input: {
      /** The restaurant with its settings */
      restaurant: {
        /** Name, as guests know it */
        name: string;
        /** ISO 4217; cannot be changed later */
        currency: string;
        /** IANA time zone, for instance Europe/Paris */
        timeZone: string;
        /** BCP 47 language tag, for instance fr-FR; how receipts write dates and money */
        locale: string;
        /** Hour of the local clock at which a business day begins; 4: 03:59 still belongs to yesterday */
        dayStartHour?: number;
        /** Whether the prices of the menu contain the tax */
        pricesIncludeTax?: boolean;
        /** The kinds of tax that menu items can have; no two have the same `code` */
        taxClasses?: TaxClassInput[];
        /** Allergens beside the 14 of Regulation (EU) No 1169/2011 that the menu may name; no two have the same `code` */
        allergens?: Declared[];
        /** Additives that the menu may name, for instance by their numbers; no two have the same `code` */
        additives?: Declared[];
        /** Seconds after which a ticket that no screen has received raises an alert; 0: never (no kitchen screens) */
        ticketReceiptSeconds?: number;
        /** A scheduled order goes to the kitchen its longest preparation time and so many seconds before it is wanted */
        pickupMarginSeconds?: number;
      };
      /** The first person, who may do everything */
      owner: {
        /** Name as colleagues and receipts show it */
        name: string;
        /** E-mail address for logging in; not case-sensitive */
        email: string;
        /** Password, 8 to 128 characters; not one that is tried first */
        password: string;
      };
    };
    output: SignedUp;
  };
  /**
   * Show the restaurant with its settings
   *
   * Permission: restaurant:read.
   */
  'restaurant:get': {
    kind: 'query';
    input: Record<string, never>;
    output: Restaurant;
  };
  /**
   * Change the restaurant's name or settings
   *
   * The currency cannot change, and tax classes can be added and changed but not removed.
   *
   * Permission: restaurant:write.
   */
  'restaurant:update': {
    kind: 'command';
    input: {
      /** Name, as guests know it */
      name?: string;
      /** ISO 4217; cannot be changed later */
      currency?: string;
      /** IANA time zone, for instance Europe/Paris */
      timeZone?: string;
      /** BCP 47 language tag, for instance fr-FR; how receipts write dates and money */
      locale?: string;
      /** Hour of the local clock at which a business day begins; 4: 03:59 still belongs to yesterday */
      dayStartHour?: number;
      /** Whether the prices of the menu contain the tax */
      pricesIncludeTax?: boolean;
      /** The kinds of tax that menu items can have; no two have the same `code` */
      taxClasses?: TaxClassInput[];
      /** Allergens beside the 14 of Regulation (EU) No 1169/2011 that the menu may name; no two have the same `code` */
      allergens?: Declared[];
      /** Additives that the menu may name, for instance by their numbers; no two have the same `code` */
      additives?: Declared[];
      /** Seconds after which a ticket that no screen has received raises an alert; 0: never (no kitchen screens) */
      ticketReceiptSeconds?: number;
      /** A scheduled order goes to the kitchen its longest preparation time and so many seconds before it is wanted */
      pickupMarginSeconds?: number;
    };
    output: Restaurant;
  };
  /**
   * List the staff with their rights
   *
   * Permission: staff:write.
   */
  'staff:list': {
    kind: 'query';
    input: {
      /** Only those who work here (true) or have left (false) */
      active?: boolean;
      /** How many at most */
      limit?: number;
      /** `nextCursor` of the page before, as it came */
      cursor?: string;
    };
    output: StaffMember[];
  };
  /**
   * List names and roles of the colleagues who work here
   *
   * Permission: staff:read.
   */
  'staff:roster': {
    kind: 'query';
    input: {
      /** How many at most */
      limit?: number;
      /** `nextCursor` of the page before, as it came */
      cursor?: string;
    };
    output: StaffCard[];
  };
  /**
   * Show one person with their rights
   *
   * Permission: staff:write.
   */
  'staff:get': {
    kind: 'query';
    input: {
      /** Id of the staff member */
      staffId: string;
    };
    output: StaffMember;
  };
  /**
   * Add a person to the staff
   *
   * With e-mail and password, with a PIN for paired devices, with both, or with neither for now. Only an owner may add an owner, and nobody gives rights that they lack.
   *
   * Permission: staff:write.
   */
  'staff:create': {
    kind: 'command';
    input: {
      /** Name as colleagues and receipts show it */
      name: string;
      /** Role; decides the permissions */
      role: 'owner' | 'manager' | 'waiter' | 'kitchen' | 'cashier' | 'host';
      /** E-mail address for logging in; not case-sensitive */
      email?: string;
      /** Password, 8 to 128 characters; not one that is tried first */
      password?: string;
      /** PIN of 4 to 8 digits for logging in on a paired device; when it is set, none that is tried first (1234, 1111, 1987) */
      pin?: string;
      /** Permissions beyond the role's */
      allow?: ('restaurant:read' | 'restaurant:write' | 'staff:read' | 'staff:write' | 'device:write' | 'menu:read' | 'menu:write' | 'menu:availability' | 'floor:read' | 'floor:write' | 'floor:assign' | 'table:status' | 'order:read' | 'order:write' | 'order:void' | 'order:transfer' | 'order:open-price' | 'kitchen:read' | 'kitchen:write' | 'ticket:write' | 'ticket:prioritise' | 'dashboard:read' | 'dashboard:write' | 'sync:read')[];
      /** Permissions withheld; a denial wins */
      deny?: ('restaurant:read' | 'restaurant:write' | 'staff:read' | 'staff:write' | 'device:write' | 'menu:read' | 'menu:write' | 'menu:availability' | 'floor:read' | 'floor:write' | 'floor:assign' | 'table:status' | 'order:read' | 'order:write' | 'order:void' | 'order:transfer' | 'order:open-price' | 'kitchen:read' | 'kitchen:write' | 'ticket:write' | 'ticket:prioritise' | 'dashboard:read' | 'dashboard:write' | 'sync:read')[];
    };
    output: StaffMember;
  };
  /**
   * Change a person's name, e-mail, role or rights
   *
   * Other rights end the sockets of the person; they connect again with the new ones.
   *
   * Permission: staff:write.
   */
  'staff:update': {
    kind: 'command';
    input: {
      /** Id of the staff member */
      staffId: string;
      /** Name as colleagues and receipts show it */
      name?: string;
      /** Role; decides the permissions */
      role?: 'owner' | 'manager' | 'waiter' | 'kitchen' | 'cashier' | 'host';
      /** E-mail address for logging in; null takes it away */
      email?: string | null;
      /** Permissions beyond the role's; replaces the list */
      allow?: ('restaurant:read' | 'restaurant:write' | 'staff:read' | 'staff:write' | 'device:write' | 'menu:read' | 'menu:write' | 'menu:availability' | 'floor:read' | 'floor:write' | 'floor:assign' | 'table:status' | 'order:read' | 'order:write' | 'order:void' | 'order:transfer' | 'order:open-price' | 'kitchen:read' | 'kitchen:write' | 'ticket:write' | 'ticket:prioritise' | 'dashboard:read' | 'dashboard:write' | 'sync:read')[];
      /** Permissions withheld; replaces the list */
      deny?: ('restaurant:read' | 'restaurant:write' | 'staff:read' | 'staff:write' | 'device:write' | 'menu:read' | 'menu:write' | 'menu:availability' | 'floor:read' | 'floor:write' | 'floor:assign' | 'table:status' | 'order:read' | 'order:write' | 'order:void' | 'order:transfer' | 'order:open-price' | 'kitchen:read' | 'kitchen:write' | 'ticket:write' | 'ticket:prioritise' | 'dashboard:read' | 'dashboard:write' | 'sync:read')[];
    };
    output: StaffMember;
  };
  /**
   * Set or take away a person's PIN
   *
   * One’s own with the current PIN or the password; with staff:write that of others without, of managers by an owner. Replacing a PIN ends the sessions of the person. Two people may have the same PIN; `staff:propose-pin` proposes one.
   *
   * Permission: authenticated.
   */
  'staff:set-pin': {
    kind: 'command';
    input: {
      /** Id of the staff member */
      staffId: string;
      /** PIN of 4 to 8 digits; null takes it away */
      pin: string | null;
      /** For one’s own: the PIN until now, or instead the password */
      currentPin?: string;
      /** For one’s own, instead of the PIN until now */
      currentPassword?: string;
    };
    output: StaffMember;
  };
  /**
   * Propose a PIN: six digits by chance, none that is tried first
   *
   * It is set by `staff:set-pin` or `staff:create`; the server does not keep it.
   *
   * Permission: authenticated.
   */
  'staff:propose-pin': {
    kind: 'query';
    input: Record<string, never>;
    output: {
      /** PIN of 4 to 8 digits for logging in on a paired device; when it is set, none that is tried first (1234, 1111, 1987) */
      pin: string;
    };
  };
  /**
   * End all sessions of a person, for instance when a phone is lost
   *
   * One’s own, this one included, or with staff:write those of others. Password and PIN stay.
   *
   * Permission: authenticated.
   */
  'staff:end-sessions': {
    kind: 'command';
    input: {
      /** Id of the staff member */
      staffId: string;
    };
    output: StaffMember;
  };
  /**
   * Set a person's password
   *
   * One’s own with the current password; with staff:write that of others without, of managers by an owner. Replacing a password ends all sessions of the person, the own one included.
   *
   * Permission: authenticated.
   */
  'staff:set-password': {
    kind: 'command';
    input: {
      /** Id of the staff member */
      staffId: string;
      /** Password, 8 to 128 characters; not one that is tried first */
      password: string;
      /** Required for one’s own */
      currentPassword?: string;
    };
    output: StaffMember;
  };
  /**
   * Let a person go: they cannot log in, and their screens end at once
   *
   * Sessions and sockets of the person end everywhere; the PIN is forgotten.
   *
   * Permission: staff:write.
   */
  'staff:deactivate': {
    kind: 'command';
    input: {
      /** Id of the staff member */
      staffId: string;
    };
    output: StaffMember;
  };
  /**
   * Take a person back who had left
   *
   * With the rights and the password of before; a PIN is set anew.
   *
   * Permission: staff:write.
   */
  'staff:reactivate': {
    kind: 'command';
    input: {
      /** Id of the staff member */
      staffId: string;
    };
    output: StaffMember;
  };
  /**
   * Log in with e-mail and password
   *
   * Permission: public.
   */
  'auth:login': {
    kind: 'command';
    input: {
      /** E-mail address for logging in; not case-sensitive */
      email: string;
      /** Password */
      password: string;
      /** A refresh token that this device was given for the account, even if it is over, or the token of a paired device of its restaurant: such a device does not wait for wrong passwords that others have tried */
      knownToken?: string;
    };
    output: Login;
  };
  /**
   * Show who may log in on a paired device, for the screen on which one chooses oneself
   *
   * Everybody who works here and has a PIN. Then `auth:pin-login` with `staffId`.
   *
   * Permission: public.
   */
  'auth:pad': {
    kind: 'command';
    input: {
      /** Token of the paired device (`device:token`) */
      deviceToken: string;
    };
    output: Pad;
  };
  /**
   * Log in with a PIN on a paired device
   *
   * Choose the person first (`auth:pad`). A PIN without `staffId` is taken when it is one person’s alone, and counts harder: five wrong ones within 15 minutes lock the device for 15, with the person chosen ten; after 20 in an hour in the restaurant the person must be chosen. After five wrong ones of a person each makes the next wait twice as long, up to an hour. A manager unlocks both (`device:unlock`, `staff:unlock-pin`). Such a session needs the password for what changes people, devices, prices or settings (`auth:confirm-password`).
   *
   * Permission: public.
   */
  'auth:pin-login': {
    kind: 'command';
    input: {
      /** Token of the paired device (`device:token`) */
      deviceToken: string;
      /** Id of who logs in, as chosen from `auth:pad` */
      staffId?: string;
      /** PIN of 4 to 8 digits */
      pin: string;
    };
    output: Login;
  };
  /**
   * Exchange a refresh token for new tokens
   *
   * Each refresh token is good once. A used one ends the session and its sockets, unless the same attempt asks again within 60 s: then it is given the same refresh token again (the access token is made anew, so text and end differ).
   *
   * Permission: public.
   */
  'auth:refresh': {
    kind: 'command';
    input: {
      /** The last refresh token received */
      refreshToken: string;
      /** New for each attempt, the same when its answer was lost */
      requestKey?: string;
    };
    output: Tokens;
  };
  /**
   * Log out: ends the own session and its sockets
   *
   * Permission: authenticated.
   */
  'auth:logout': {
    kind: 'command';
    input: Record<string, never>;
    output: {
      /** Id of the session that ended */
      sessionId: string;
    };
  };
  /**
   * Type the password in a session that a PIN has opened, for what needs one
   *
   * For five minutes this session may then change people, devices, prices and settings, as far as the person may.
   *
   * Permission: authenticated.
   */
  'auth:confirm-password': {
    kind: 'command';
    input: {
      /** The own password */
      password: string;
    };
    output: {
      /** Until when it counts (ISO 8601, UTC) */
      confirmedUntil: string;
    };
  };
  /**
   * Show who is logged in, with rights, restaurant and device
   *
   * Permission: authenticated.
   */
  'auth:me': {
    kind: 'query';
    input: Record<string, never>;
    output: Me;
  };
  /**
   * List where one is logged in, or where somebody is whom one may change
   *
   * The last to log in first.
   *
   * Permission: authenticated.
   */
  'auth:sessions': {
    kind: 'query';
    input: {
      /** Id of somebody else; with staff:write */
      staffId?: string;
      /** How many at most */
      limit?: number;
      /** `nextCursor` of the page before, as it came */
      cursor?: string;
    };
    output: Session[];
  };
  /**
   * End one of the own sessions, for instance that of a lost phone
   *
   * Permission: authenticated.
   */
  'auth:end-session': {
    kind: 'command';
    input: {
      /** Id of the session */
      sessionId: string;
    };
    output: {
      /** Id of the session that ended */
      sessionId: string;
    };
  };
  /**
   * Pair a tablet or till, on which people then log in with their PIN
   *
   * The device then needs its token (`device:token`).
   *
   * Permission: device:write.
   */
  'device:pair': {
    kind: 'command';
    input: {
      /** Name of the device, as people call it */
      name: string;
      /** What it is used for */
      kind: 'kitchen' | 'waiter' | 'till' | 'host' | 'office';
      /** Kitchen stations whose tickets its screen shows; none for an expo or any other screen */
      stationIds?: string[];
    };
    output: Device;
  };
  /**
   * Show the token that a paired device keeps
   *
   * Good until the device is unpaired. It is not stored; whoever has it can try PINs on this device.
   *
   * Permission: device:write.
   */
  'device:token': {
    kind: 'query';
    input: {
      /** Id of the device */
      deviceId: string;
    };
    output: {
      /** For `auth:pin-login` */
      deviceToken: string;
    };
  };
  /**
   * List the paired devices, which are on line, and which hold commands not yet handed over
   *
   * Permission: device:write.
   */
  'device:list': {
    kind: 'query';
    input: {
      /** How many at most */
      limit?: number;
      /** `nextCursor` of the page before, as it came */
      cursor?: string;
    };
    output: ListedDevice[];
  };
  /**
   * Rename a device or bind its screen to other stations
   *
   * Other stations end the sockets of the device; they connect again with the new rooms. A device locked by wrong PINs takes them again.
   *
   * Permission: device:write.
   */
  'device:update': {
    kind: 'command';
    input: {
      /** Id of the device */
      deviceId: string;
      /** Name of the device, as people call it */
      name?: string;
      /** Kitchen stations whose tickets its screen shows; none for an expo or any other screen */
      stationIds?: string[];
    };
    output: Device;
  };
  /**
   * Unpair a device: nobody logs in on it any more, and its sessions end at once
   *
   * Permission: device:write.
   */
  'device:unpair': {
    kind: 'command';
    input: {
      /** Id of the device */
      deviceId: string;
    };
    output: Device;
  };
  /**
   * Let a device take PINs again that too many wrong ones have locked
   *
   * By an owner, it also lets PINs be entered without a person again in the whole restaurant.
   *
   * Permission: device:write.
   */
  'device:unlock': {
    kind: 'command';
    input: {
      /** Id of the device */
      deviceId: string;
    };
    output: {
      /** False when nothing was counted there */
      unlocked: boolean;
    };
  };
  /**
   * Let a person's PIN be tried again at once, after too many wrong ones
   *
   * An owner’s only by an owner, and that of another manager, too.
   *
   * Permission: staff:write.
   */
  'staff:unlock-pin': {
    kind: 'command';
    input: {
      /** Id of the staff member */
      staffId: string;
    };
    output: {
      /** False when nothing was counted there */
      unlocked: boolean;
    };
  };
  /**
   * Who is on line now, on which device, and who holds commands not yet handed over
   *
   * One entry for each connection. One that broke is listed for a few seconds more.
   *
   * Permission: device:write.
   */
  'presence:list': {
    kind: 'query';
    input: {
      /** How many at most */
      limit?: number;
      /** `nextCursor` of the page before, as it came */
      cursor?: string;
    };
    output: Present[];
  };
  /**
   * Show the menu: categories, items and modifier groups
   *
   * Permission: menu:read.
   */
  'menu:get': {
    kind: 'query';
    input: {
      /** Archived items too */
      archived?: boolean;
    };
    output: Menu;
  };
  /**
   * Set an item to sold out (86), count its portions, or bring it back
   *
   * Sold out until a time, or until lifted when no time is given; at that time it comes back by itself. Available with `remaining`: that many portions are left, and each order takes its own. Available without: no limit. With `sizeId` only that size is sold out or back, until lifted.
   *
   * Permission: menu:availability.
   */
  'menu:set-availability': {
    kind: 'command';
    input: {
      /** Id of the item */
      itemId: string;
      /** Only this size; then without `until` and `remaining` */
      sizeId?: string;
      /** false: sold out */
      available: boolean;
      /** Sold out until then; null or absent: until lifted (ISO 8601, UTC) */
      until?: string | null;
      /** Portions left; only when available */
      remaining?: number;
    };
    output: MenuItem;
  };
  /**
   * Add a category to the menu
   *
   * Permission: menu:write.
   */
  'menu:create-category': {
    kind: 'command';
    input: {
      /** The restaurant's own short code; unique, and what an import finds the thing by */
      code?: string;
      name: string;
      description?: string;
      /** Place in the list, ascending */
      position?: number;
      /** Tax class of new items that name none */
      taxClass?: string;
      /** Tax classes by channel of new items that name no tax class */
      channelTaxClasses?: ChannelTaxClasses;
      /** Course of new items that name none */
      course?: number;
    };
    output: MenuCategory;
  };
  /**
   * Change a category
   *
   * What is not given stays; null takes it away. Items keep the tax class and course they have.
   *
   * Permission: menu:write.
   */
  'menu:update-category': {
    kind: 'command';
    input: {
      /** Id of the category */
      categoryId: string;
      /** The restaurant's own short code; unique, and what an import finds the thing by */
      code?: string | null;
      name?: string;
      description?: string | null;
      /** Place in the list, ascending */
      position?: number;
      /** Tax class of new items that name none */
      taxClass?: string | null;
      /** Tax classes by channel of new items that name no tax class */
      channelTaxClasses?: ChannelTaxClasses | null;
      /** Course of new items that name none */
      course?: number | null;
    };
    output: MenuCategory;
  };
  /**
   * Remove an empty category
   *
   * Refused (conflict) while items are in it; archived items do not count.
   *
   * Permission: menu:write.
   */
  'menu:delete-category': {
    kind: 'command';
    input: {
      /** Id of the category */
      categoryId: string;
    };
    output: {
      /** Id of the category that is gone */
      id: string;
    };
  };
  /**
   * Show one item, archived ones too
   *
   * Permission: menu:read.
   */
  'menu:get-item': {
    kind: 'query';
    input: {
      /** Id of the item */
      itemId: string;
    };
    output: MenuItem;
  };
  /**
   * Add an item to the menu
   *
   * Permission: menu:write.
   */
  'menu:create-item': {
    kind: 'command';
    input: {
      /** The restaurant's own short code; unique, and what an import finds the thing by */
      code?: string;
      /** Number, as guests say it, for instance 23a; several may have the same */
      number?: string;
      name: string;
      description?: string;
      /** Place in the list, ascending */
      position?: number;
      /** A single price; give this or `sizes`, or neither with `openPrice` */
      price?: Price;
      /** Prices that differ by channel */
      channelPrices?: ChannelPrices;
      /** Sizes with a price each, for instance 0.3 l and 0.5 l */
      sizes?: MenuItemSizeInput[];
      /** Happy hours and the like; the first that applies counts */
      priceRules?: MenuPriceRule[];
      /** Code of one of the restaurant's tax classes; the category's when not given */
      taxClass?: string;
      /** Of the 14 in Regulation (EU) No 1169/2011, Annex II, and the restaurant's own */
      allergens?: Allergens;
      /** Codes of the restaurant's additives that are in it */
      additives?: string[];
      /** What diets it suits, and `spicy` */
      dietary?: ('vegetarian' | 'vegan' | 'gluten_free' | 'lactose_free' | 'halal' | 'kosher' | 'spicy' | 'very_spicy' | 'non_vegetarian' | 'pescatarian' | 'jain' | 'organic' | 'sugar_free' | 'contains_alcohol' | 'contains_pork')[];
      /** Time to prepare one, in seconds */
      prepSeconds?: number;
      /** Course it is served in by default; the category's, or 1, when not given */
      course?: number;
      /** Where its picture is */
      imageUrl?: string;
      /** Tax classes that differ by channel; the category's when neither is given */
      channelTaxClasses?: ChannelTaxClasses;
      /** Always and everywhere when not given */
      availability?: Availability;
      /** What a quantity of it is of; portions when not given */
      unit?: 'portion' | 'piece' | 'kg' | 'g' | 'lb' | 'oz' | 'l' | 'cl' | 'ml';
      /** How many decimals a quantity of it may have; 3 when not given, 0: only whole ones */
      decimals?: number;
      /** Priced when it is ordered, by who may (`order:open-price`); `price` is then what it costs when nothing is said */
      openPrice?: boolean;
      /** Id of its category */
      categoryId: string;
      /** In the order they are asked */
      modifierGroupIds?: string[];
    };
    output: MenuItem;
  };
  /**
   * Change an item
   *
   * What is not given stays; null takes it away. Lists are replaced whole. Giving sizes takes a single price away, and the other way round. Orders placed before keep their names and prices.
   *
   * Permission: menu:write.
   */
  'menu:update-item': {
    kind: 'command';
    input: {
      /** Id of the item */
      itemId: string;
      /** The restaurant's own short code; unique, and what an import finds the thing by */
      code?: string | null;
      /** Number, as guests say it, for instance 23a; several may have the same */
      number?: string | null;
      name?: string;
      description?: string | null;
      /** Place in the list, ascending */
      position?: number;
      /** A single price; give this or `sizes`, or neither with `openPrice` */
      price?: Price | null;
      /** Prices that differ by channel */
      channelPrices?: ChannelPrices | null;
      /** Sizes with a price each, for instance 0.3 l and 0.5 l */
      sizes?: MenuItemSizeInput[];
      /** Happy hours and the like; the first that applies counts */
      priceRules?: MenuPriceRule[];
      /** Code of one of the restaurant's tax classes; the category's when not given */
      taxClass?: string;
      /** Of the 14 in Regulation (EU) No 1169/2011, Annex II, and the restaurant's own */
      allergens?: Allergens;
      /** Codes of the restaurant's additives that are in it */
      additives?: string[] | null;
      /** What diets it suits, and `spicy` */
      dietary?: ('vegetarian' | 'vegan' | 'gluten_free' | 'lactose_free' | 'halal' | 'kosher' | 'spicy' | 'very_spicy' | 'non_vegetarian' | 'pescatarian' | 'jain' | 'organic' | 'sugar_free' | 'contains_alcohol' | 'contains_pork')[];
      /** Time to prepare one, in seconds */
      prepSeconds?: number;
      /** Course it is served in by default; the category's, or 1, when not given */
      course?: number;
      /** Where its picture is */
      imageUrl?: string | null;
      /** Tax classes that differ by channel; the category's when neither is given */
      channelTaxClasses?: ChannelTaxClasses | null;
      /** Always and everywhere when not given */
      availability?: Availability | null;
      /** What a quantity of it is of; portions when not given */
      unit?: 'portion' | 'piece' | 'kg' | 'g' | 'lb' | 'oz' | 'l' | 'cl' | 'ml' | null;
      /** How many decimals a quantity of it may have; 3 when not given, 0: only whole ones */
      decimals?: number | null;
      /** Priced when it is ordered, by who may (`order:open-price`); `price` is then what it costs when nothing is said */
      openPrice?: boolean;
      /** Id of its category */
      categoryId?: string;
      /** In the order they are asked */
      modifierGroupIds?: string[];
    };
    output: MenuItem;
  };
  /**
   * Take an item off the menu
   *
   * It is kept for the orders and reports that name it, and can be restored.
   *
   * Permission: menu:write.
   */
  'menu:archive-item': {
    kind: 'command';
    input: {
      /** Id of the item */
      itemId: string;
    };
    output: MenuItem;
  };
  /**
   * Put an archived item back on the menu
   *
   * Refused (validation_failed) when its category or a modifier group has gone meanwhile: change it first.
   *
   * Permission: menu:write.
   */
  'menu:restore-item': {
    kind: 'command';
    input: {
      /** Id of the item */
      itemId: string;
    };
    output: MenuItem;
  };
  /**
   * Add a modifier group
   *
   * Permission: menu:write.
   */
  'menu:create-modifier-group': {
    kind: 'command';
    input: {
      /** The restaurant's own short code; unique, and what an import finds the thing by */
      code?: string;
      name: string;
      /** Choices at least; above 0 it is required */
      min: number;
      /** Choices at most, quantities counted */
      max: number;
      /** So many choices cost nothing: the cheapest of those that cost something */
      free?: number;
      /** In the order they are shown */
      options: ModifierOptionInput[];
    };
    output: ModifierGroup;
  };
  /**
   * Change a modifier group
   *
   * What is not given stays. `options` replaces the list; options that stay keep their ids.
   *
   * Permission: menu:write.
   */
  'menu:update-modifier-group': {
    kind: 'command';
    input: {
      /** Id of the modifier group */
      groupId: string;
      /** The restaurant's own short code; unique, and what an import finds the thing by */
      code?: string | null;
      name?: string;
      /** Choices at least; above 0 it is required */
      min?: number;
      /** Choices at most, quantities counted */
      max?: number;
      /** So many choices cost nothing: the cheapest of those that cost something */
      free?: number | null;
      /** In the order they are shown */
      options?: ModifierOptionInput[];
    };
    output: ModifierGroup;
  };
  /**
   * Remove a modifier group that nothing uses
   *
   * Refused (conflict) while an item or an option of another group leads to it; archived items do not count.
   *
   * Permission: menu:write.
   */
  'menu:delete-modifier-group': {
    kind: 'command';
    input: {
      /** Id of the modifier group */
      groupId: string;
    };
    output: {
      /** Id of the modifier group that is gone */
      id: string;
    };
  };
  /**
   * Set an option of a modifier group to sold out, or bring it back
   *
   * Permission: menu:availability.
   */
  'menu:set-option-availability': {
    kind: 'command';
    input: {
      /** Id of the modifier group */
      groupId: string;
      /** Id of the option */
      optionId: string;
      available: boolean;
    };
    output: ModifierGroup;
  };
  /**
   * Give the whole menu as one document
   *
   * What `menu:import` takes. Things name each other by code; archived items are not in it.
   *
   * Permission: menu:read.
   */
  'menu:export': {
    kind: 'query';
    input: Record<string, never>;
    output: MenuFile;
  };
  /**
   * Take a whole menu from one document
   *
   * Things are found again by their code and keep their ids, also those of sizes and options with the same name; what is sold out or counted there stays so. Checked as a whole: when anything is wrong, all of it is named and nothing is written.
   *
   * Permission: menu:write.
   */
  'menu:import': {
    kind: 'command';
    input: {
      /** replace: what the document does not name goes (items are archived); merge: it stays */
      mode: 'replace' | 'merge';
      menu: MenuFile;
    };
    output: MenuImported;
  };
  /**
   * Show the floor: sections and tables
   *
   * Permission: floor:read.
   */
  'floor:get': {
    kind: 'query';
    input: Record<string, never>;
    output: Floor;
  };
  /**
   * Add a section to the floor
   *
   * Permission: floor:write.
   */
  'section:create': {
    kind: 'command';
    input: {
      name: string;
      /** Place in the list, ascending */
      position?: number;
    };
    output: Section;
  };
  /**
   * Change the name or place of a section
   *
   * Permission: floor:write.
   */
  'section:update': {
    kind: 'command';
    input: {
      /** Id of the section */
      sectionId: string;
      name?: string;
      /** Place in the list, ascending */
      position?: number;
    };
    output: Section;
  };
  /**
   * Remove a section without tables
   *
   * Refused (conflict) while tables are in it.
   *
   * Permission: floor:write.
   */
  'section:delete': {
    kind: 'command';
    input: {
      /** Id of the section */
      sectionId: string;
    };
    output: {
      /** Id of the section that is gone */
      id: string;
    };
  };
  /**
   * Give a section with all its tables to a waiter
   *
   * Open orders stay with their waiter: `table:transfer` hands one over.
   *
   * Permission: floor:assign.
   */
  'section:assign': {
    kind: 'command';
    input: {
      /** Id of the section */
      sectionId: string;
      /** Id of the waiter; null: nobody */
      waiterId: string | null;
    };
    output: {
      section: Section;
      /** The tables whose waiter changed with it */
      tables: Table[];
    };
  };
  /**
   * Add a table to the floor
   *
   * Permission: floor:write.
   */
  'table:create': {
    kind: 'command';
    input: {
      /** What people call it, for instance 12 or Window 2; unique in the restaurant */
      name: string;
      /** Id of its section */
      sectionId: string;
      /** How many can sit */
      seats: number;
      /** How it is drawn */
      shape?: 'round' | 'square' | 'rectangle' | 'stool';
      /** Left edge, in centimetres of the section's floor */
      x?: number;
      /** Top edge, in centimetres of the section's floor */
      y?: number;
      /** Width, in centimetres of the section's floor */
      width?: number;
      /** Height, in centimetres of the section's floor */
      height?: number;
    };
    output: Table;
  };
  /**
   * Change the name, section, seats or geometry of a table
   *
   * What is not given stays.
   *
   * Permission: floor:write.
   */
  'table:update': {
    kind: 'command';
    input: {
      /** Id of the table */
      tableId: string;
      /** What people call it, for instance 12 or Window 2; unique in the restaurant */
      name?: string;
      /** Id of its section */
      sectionId?: string;
      /** How many can sit */
      seats?: number;
      /** How it is drawn */
      shape?: 'round' | 'square' | 'rectangle' | 'stool';
      /** Left edge, in centimetres of the section's floor */
      x?: number;
      /** Top edge, in centimetres of the section's floor */
      y?: number;
      /** Width, in centimetres of the section's floor */
      width?: number;
      /** Height, in centimetres of the section's floor */
      height?: number;
    };
    output: Table;
  };
  /**
   * Remove a table from the floor
   *
   * Refused (conflict) while it is occupied or joined to others.
   *
   * Permission: floor:write.
   */
  'table:delete': {
    kind: 'command';
    input: {
      /** Id of the table */
      tableId: string;
    };
    output: {
      /** Id of the table that is gone */
      id: string;
    };
  };
  /**
   * Set a table to available, reserved, dirty or out of service
   *
   * Of a joined group the main table speaks for all. Only an order takes a table (occupied) and frees it.
   *
   * Permission: table:status.
   */
  'table:set-status': {
    kind: 'command';
    input: {
      /** Id of the table */
      tableId: string;
      status: 'available' | 'reserved' | 'occupied' | 'dirty' | 'out_of_service';
    };
    output: Table;
  };
  /**
   * Give a table to a waiter
   *
   * With the tables joined to it. An open order stays with its waiter: `table:transfer` hands it over.
   *
   * Permission: floor:assign.
   */
  'table:assign': {
    kind: 'command';
    input: {
      /** Id of the table */
      tableId: string;
      /** Id of the waiter; null: nobody */
      waiterId: string | null;
    };
    output: Table;
  };
  /**
   * Hand a table, with its open order, over to another waiter
   *
   * With the tables joined to it.
   *
   * Permission: order:transfer.
   */
  'table:transfer': {
    kind: 'command';
    input: {
      /** Id of the table */
      tableId: string;
      /** Id of the waiter who takes it over; somebody active */
      waiterId: string;
    };
    output: Table;
  };
  /**
   * Note that the guests of a table have asked for the bill
   *
   * Permission: table:status.
   */
  'table:request-bill': {
    kind: 'command';
    input: {
      /** Id of the table */
      tableId: string;
      /** false takes it back */
      requested?: boolean;
    };
    output: Table;
  };
  /**
   * Join tables to a main table
   *
   * One party sits at all of them: they take the main table’s status, order and waiter. They must be available or reserved; the main table may be occupied.
   *
   * Permission: table:status.
   */
  'table:join': {
    kind: 'command';
    input: {
      /** Id of the main table */
      tableId: string;
      /** The tables that join it */
      tableIds: string[];
    };
    output: {
      table: Table;
      joined: Table[];
    };
  };
  /**
   * Undo the joining of tables
   *
   * An occupied main table keeps its order; the others have been used and are dirty then.
   *
   * Permission: table:status.
   */
  'table:split': {
    kind: 'command';
    input: {
      /** Id of the main table */
      tableId: string;
    };
    output: {
      table: Table;
      joined: Table[];
    };
  };
  /**
   * Place an order for a table, takeaway or delivery
   *
   * The server prices every line. With `fire: now` (the default) the kitchen gets its tickets at once; with `pickupAt` the order waits as `scheduled` until its `fireAt`, the time to prepare it (and `pickupMarginSeconds`) before it is wanted, or until `order:release`, unless `fire: now` is written out. A tablet that may send an order twice gives it and its lines ids: an order that came before is answered as it is and not made again.
   *
   * Permission: order:write.
   */
  'order:place': {
    kind: 'command';
    input: {
      /** Id of the order, chosen by the client */
      id?: string;
      /** How it leaves the house */
      channel?: 'dine-in' | 'takeaway' | 'delivery';
      /** Id of the free table; for dine-in */
      tableId?: string;
      /** Id of the waiter; whoever sends it when not given */
      waiterId?: string;
      /** Guests */
      guestCount?: number;
      customer?: Customer;
      /** When it is wanted (ISO 8601, UTC) */
      pickupAt?: string;
      /** For everybody who works on the order, for instance an allergy */
      note?: string;
      /** The lines; no two have the same `id` */
      lines: OrderLineInput[];
      /** Send to the kitchen at once, or hold all lines */
      fire?: 'now' | 'hold';
      /** With `fire: now`: only these courses are sent, the others are held */
      fireCourses?: number[];
    };
    output: Order;
  };
  /**
   * One order
   *
   * Permission: order:read.
   */
  'order:get': {
    kind: 'query';
    input: {
      /** Id of the order */
      orderId: string;
    };
    output: Order;
  };
  /**
   * Orders, the newest first
   *
   * Permission: order:read.
   */
  'order:list': {
    kind: 'query';
    input: {
      /** Only those in this status */
      status?: 'needs_approval' | 'scheduled' | 'open' | 'completed' | 'cancelled';
      /** Only those of this table */
      tableId?: string;
      /** Only those of this waiter */
      waiterId?: string;
      /** How many at most */
      limit?: number;
      /** `nextCursor` of the page before, as it came */
      cursor?: string;
    };
    output: {
      items: Order[];
      /** Present while there is more */
      nextCursor?: string;
    };
  };
  /**
   * Change the guest count, the note, the customer, the pick-up time, or how the order leaves the house
   *
   * With another `channel` guests who sat down have it packed, or a take-away is delivered: prices and taxes follow the channel, the table is free again, and the kitchen is told. Who takes away sits down with `order:transfer`.
   *
   * Permission: order:write.
   */
  'order:update': {
    kind: 'command';
    input: {
      /** Id of the order */
      orderId: string;
      /** How it leaves the house now; for dine-in see `order:transfer` */
      channel?: 'dine-in' | 'takeaway' | 'delivery';
      /** Guests */
      guestCount?: number;
      /** For everybody who works on the order, for instance an allergy */
      note?: string;
      customer?: Customer;
      /** When it is wanted; not for dine-in (ISO 8601, UTC) */
      pickupAt?: string;
    };
    output: Order;
  };
  /**
   * Add lines to an order
   *
   * Needs no expected version: additions by two waiters both stay. Lines that come again under their ids are not added again; an id that stands for another line is refused.
   *
   * Permission: order:write.
   */
  'order:add-lines': {
    kind: 'command';
    input: {
      /** Id of the order */
      orderId: string;
      /** The lines; no two have the same `id` */
      lines: OrderLineInput[];
      /** Send to the kitchen at once, or hold all lines */
      fire?: 'now' | 'hold';
      /** With `fire: now`: only these courses are sent, the others are held */
      fireCourses?: number[];
    };
    output: Order;
  };
  /**
   * Another round: order some lines once more, at the prices of now
   *
   * Permission: order:write.
   */
  'order:repeat': {
    kind: 'command';
    input: {
      /** Id of the order */
      orderId: string;
      /** The lines to repeat */
      lineIds: string[];
      /** Send to the kitchen at once, or hold all lines */
      fire?: 'now' | 'hold';
      /** With `fire: now`: only these courses are sent, the others are held */
      fireCourses?: number[];
    };
    output: Order;
  };
  /**
   * Change a line
   *
   * Everything while it is held: more of it or another size is refused like a new line when it is sold out, and what is chosen anew is priced as of now, the rest keeps its price. Once it is fired only the note and the seat, which make no food: the kitchen is shown the change. A change that changes nothing is no change.
   *
   * Permission: order:write.
   */
  'order:change-line': {
    kind: 'command';
    input: {
      /** Id of the order */
      orderId: string;
      /** Id of the line */
      lineId: string;
      /** How many, or how much: at most three decimals, as the item's `decimals` allow */
      quantity?: number;
      /** Id of the size */
      sizeId?: string;
      /** What is chosen with it */
      modifiers?: ModifierChoice[];
      /** Seat at the table; null for none */
      seat?: number | null;
      /** Course, from 1 */
      course?: number;
      /** For the kitchen, for instance "no salt" */
      note?: string;
    };
    output: Order;
  };
  /**
   * Cancel a held line; its portions are free again
   *
   * Permission: order:write.
   */
  'order:cancel-line': {
    kind: 'command';
    input: {
      /** Id of the order */
      orderId: string;
      /** Id of the line */
      lineId: string;
    };
    output: Order;
  };
  /**
   * Void a line that was fired, whole or some portions of it
   *
   * Its portions stay used and the kitchen is told. With a `quantity` below that of the line the line keeps the rest, and what is voided becomes a line of its own.
   *
   * Permission: order:void.
   */
  'order:void-line': {
    kind: 'command';
    input: {
      /** Id of the order */
      orderId: string;
      /** Id of the line */
      lineId: string;
      /** Why */
      reason: string;
      /** How many portions; all when not given */
      quantity?: number;
    };
    output: Order;
  };
  /**
   * Send held lines to the kitchen
   *
   * All that are held, or only some lines or courses. One firing is one ticket for each station.
   *
   * Permission: order:write.
   */
  'order:fire': {
    kind: 'command';
    input: {
      /** Id of the order */
      orderId: string;
      /** These lines */
      lineIds?: string[];
      /** The lines of these courses */
      courses?: number[];
    };
    output: Order;
  };
  /**
   * Take fired lines back from the kitchen, to be fired later
   *
   * Only what nobody has begun: all of it, or some lines or courses. The kitchen is told.
   *
   * Permission: order:write.
   */
  'order:hold': {
    kind: 'command';
    input: {
      /** Id of the order */
      orderId: string;
      /** These lines */
      lineIds?: string[];
      /** The lines of these courses */
      courses?: number[];
    };
    output: Order;
  };
  /**
   * Lines have reached the guests: all that are ready, or some
   *
   * Lines that are named may be served from `fired` or `preparing` as well: the kitchen is told. Where the kitchen has no screens (`ticketReceiptSeconds: 0`) all that was fired is served when nothing is named and nothing is ready.
   *
   * Permission: order:write.
   */
  'order:serve': {
    kind: 'command';
    input: {
      /** Id of the order */
      orderId: string;
      /** These lines */
      lineIds?: string[];
    };
    output: Order;
  };
  /**
   * Open a scheduled order and send it to the kitchen now; it would go by itself at its `fireAt`
   *
   * Permission: order:write.
   */
  'order:release': {
    kind: 'command';
    input: {
      /** Id of the order */
      orderId: string;
      /** Fire all held lines now, or leave them held */
      fire?: 'now' | 'hold';
    };
    output: Order;
  };
  /**
   * Take an order to another table, or to another waiter
   *
   * The guests sit down at a free table, or another waiter takes over. The kitchen is told; nothing is made anew. A take-away or delivery that is given a table is dine-in from then on, with the prices and taxes of that.
   *
   * Permission: order:transfer.
   */
  'order:transfer': {
    kind: 'command';
    input: {
      /** Id of the order */
      orderId: string;
      /** Id of the free table */
      tableId?: string;
      /** Id of the waiter */
      waiterId?: string;
    };
    output: Order;
  };
  /**
   * Move lines to another order, or to a new order at a free table
   *
   * Held or fired, whole (`lineIds`) or some portions of it (`lines`, with a quantity): what goes of a line becomes a line of its own. The kitchen is told of the move; nothing is made anew. Prices stay, but where the other order leaves the house another way.
   *
   * Permission: order:transfer.
   */
  'order:move-lines': {
    kind: 'command';
    input: {
      /** Id of the order they are in */
      orderId: string;
      /** Lines that go whole */
      lineIds?: string[];
      /** Lines of which some portions go; no two have the same `lineId` */
      lines?: LinePart[];
      /** Id of the order they go to */
      toOrderId?: string;
      /** Id of the free table for which a new order is opened */
      tableId?: string;
      /** Guests of the new order */
      guestCount?: number;
    };
    output: {
      /** The order they were in */
      from: Order;
      /** The order they are in now */
      to: Order;
    };
  };
  /**
   * Close an order in which everything is served, cancelled or voided; its table is then dirty
   *
   * Permission: order:write.
   */
  'order:complete': {
    kind: 'command';
    input: {
      /** Id of the order */
      orderId: string;
    };
    output: Order;
  };
  /**
   * Cancel an order of which nothing was made
   *
   * While nothing is fired; what was fired has to be voided first. Portions and table are free again (the table is dirty if there had been food on it).
   *
   * Permission: order:write.
   */
  'order:cancel': {
    kind: 'command';
    input: {
      /** Id of the order */
      orderId: string;
      /** Why */
      reason: string;
    };
    output: Order;
  };
  /**
   * The stations of the kitchen
   *
   * Permission: kitchen:read.
   */
  'station:list': {
    kind: 'query';
    input: {
      /** How many at most */
      limit?: number;
      /** `nextCursor` of the page before, as it came */
      cursor?: string;
    };
    output: Station[];
  };
  /**
   * Add a station
   *
   * Items go to the station that names them, else to the one that names their category, else to the default, else to the first station, with an alert. A station of kind `none` takes what needs nobody: it is ready at once.
   *
   * Permission: kitchen:write.
   */
  'station:create': {
    kind: 'command';
    input: {
      /** Name, unique among the stations */
      name: string;
      /** `prep` makes what is routed to it; `expo` is the pass, which sees all and makes nothing; `none` is nobody: what is routed to it (bottles from the fridge) is ready at once */
      kind?: 'prep' | 'expo' | 'none';
      /** Place in the list, ascending */
      position?: number;
      /** What is made here */
      routes?: StationRoutes;
      /** Has what no route names; at most one station */
      isDefault?: boolean;
      /** A ticket should be ready within these seconds */
      targetSeconds?: number;
      /** A ticket is late after these seconds */
      lateSeconds?: number;
    };
    output: Station;
  };
  /**
   * Change a station
   *
   * Tickets that are there already stay where they are.
   *
   * Permission: kitchen:write.
   */
  'station:update': {
    kind: 'command';
    input: {
      /** Id of the station */
      stationId: string;
      /** Name, unique among the stations */
      name?: string;
      /** `prep` makes what is routed to it; `expo` is the pass, which sees all and makes nothing; `none` is nobody: what is routed to it (bottles from the fridge) is ready at once */
      kind?: 'prep' | 'expo' | 'none';
      /** Place in the list, ascending */
      position?: number;
      /** What is made here */
      routes?: StationRoutes;
      /** Has what no route names; at most one station */
      isDefault?: boolean;
      /** A ticket should be ready within these seconds */
      targetSeconds?: number;
      /** A ticket is late after these seconds */
      lateSeconds?: number;
    };
    output: Station;
  };
  /**
   * Remove a station that has no open tickets
   *
   * Screens bound to it are bound to it no more. Its bumped tickets cannot be recalled then.
   *
   * Permission: kitchen:write.
   */
  'station:delete': {
    kind: 'command';
    input: {
      /** Id of the station */
      stationId: string;
    };
    output: Station;
  };
  /**
   * The tickets on the screens, or those bumped last
   *
   * Permission: kitchen:read.
   */
  'ticket:list': {
    kind: 'query';
    input: {
      /** Open ones, the oldest first; or the last 50 that were sent and are done */
      show?: 'open' | 'done';
      /** Only those of this station */
      stationId?: string;
      /** Only those of this order */
      orderId?: string;
      /** How many at most */
      limit?: number;
      /** `nextCursor` of the page before, as it came */
      cursor?: string;
    };
    output: Ticket[];
  };
  /**
   * One ticket
   *
   * Permission: kitchen:read.
   */
  'ticket:get': {
    kind: 'query';
    input: {
      /** Id of the ticket */
      ticketId: string;
    };
    output: Ticket;
  };
  /**
   * Begin a ticket
   *
   * Permission: ticket:write.
   */
  'ticket:start': {
    kind: 'command';
    input: {
      /** Id of the ticket */
      ticketId: string;
    };
    output: Ticket;
  };
  /**
   * A ticket, or some lines of it, are ready
   *
   * The ticket is ready when all its lines are; the order is ready when all its fired lines are.
   *
   * Permission: ticket:write.
   */
  'ticket:ready': {
    kind: 'command';
    input: {
      /** Id of the ticket */
      ticketId: string;
      /** These lines; all when not given */
      lineIds?: string[];
    };
    output: Ticket;
  };
  /**
   * A ticket is done and leaves the screen; what was not ready is ready then
   *
   * Permission: ticket:write.
   */
  'ticket:bump': {
    kind: 'command';
    input: {
      /** Id of the ticket */
      ticketId: string;
    };
    output: Ticket;
  };
  /**
   * Bring a bumped ticket back; its lines that were not served yet are being prepared again
   *
   * Permission: ticket:write.
   */
  'ticket:recall': {
    kind: 'command';
    input: {
      /** Id of the ticket */
      ticketId: string;
    };
    output: Ticket;
  };
  /**
   * Put a ticket before the others, or back among them
   *
   * Permission: ticket:prioritise.
   */
  'ticket:prioritise': {
    kind: 'command';
    input: {
      /** Id of the ticket */
      ticketId: string;
      /** 1 goes first */
      priority?: 0 | 1;
    };
    output: Ticket;
  };
  /**
   * This screen has these tickets
   *
   * Settles the receipt for a station of its own; a screen bound to no station speaks for the stations that have none.
   *
   * Permission: ticket:write.
   */
  'ticket:received': {
    kind: 'command';
    input: {
      /** The tickets */
      ticketIds: string[];
    };
    output: {
      /** Those that had no mark of this screen or person */
      ticketIds: string[];
    };
  };
  /**
   * Somebody has looked at these tickets
   *
   * Permission: ticket:write.
   */
  'ticket:seen': {
    kind: 'command';
    input: {
      /** The tickets */
      ticketIds: string[];
    };
    output: {
      /** Those that had no mark of this screen or person */
      ticketIds: string[];
    };
  };
  /**
   * How many of each item every station still has to make
   *
   * Permission: kitchen:read.
   */
  'kitchen:all-day': {
    kind: 'query';
    input: {
      /** Only this station */
      stationId?: string;
      /** How many at most */
      limit?: number;
      /** `nextCursor` of the page before, as it came */
      cursor?: string;
    };
    output: AllDayCount[];
  };
  /**
   * The orders of which the guests wait for something the kitchen makes; ready when all of it is
   *
   * What every station has bumped stays at the pass until it is served.
   *
   * Permission: kitchen:read.
   */
  'kitchen:expo': {
    kind: 'query';
    input: Record<string, never>;
    output: ExpoOrder[];
  };
  /**
   * What needs somebody now, or did of late
   *
   * Permission: dashboard:read.
   */
  'dashboard:alerts': {
    kind: 'query';
    input: {
      /** Those not yet over, or the last 100 that are; they are kept for 90 days */
      show?: 'live' | 'resolved';
      /** How many at most */
      limit?: number;
      /** `nextCursor` of the page before, as it came */
      cursor?: string;
    };
    output: Alert[];
  };
  /**
   * Take an alert on: I look after it
   *
   * Permission: dashboard:write.
   */
  'dashboard:acknowledge-alert': {
    kind: 'command';
    input: {
      /** Id of the alert */
      alertId: string;
    };
    output: Alert;
  };
  /**
   * Say that an alert is over
   *
   * Permission: dashboard:write.
   */
  'dashboard:resolve-alert': {
    kind: 'command';
    input: {
      /** Id of the alert */
      alertId: string;
    };
    output: Alert;
  };
  /**
   * The state of everything this session may see, and its position in the stream
   *
   * State and seq come from one consistent read. Screens are in their rooms before they can ask: join first, read after.
   *
   * Permission: sync:read.
   */
  'sync:snapshot': {
    kind: 'query';
    input: Record<string, never>;
    output: {
      /** Changes when history does (a restored backup) */
      epoch: string;
      seq: number;
      /** When it was read (ISO 8601, UTC) */
      at: string;
      /** The rooms this session is in */
      rooms: string[];
      replicas: {
        /** The restaurant with its settings; a list of one */
        restaurant: Restaurant[];
        /** Names and roles of the people who work here, and of those who have left */
        staff: StaffCard[];
        /** The categories of the menu */
        menuCategories: MenuCategory[];
        /** The items on the menu */
        menuItems: MenuItem[];
        /** The modifier groups that items and options lead to */
        modifierGroups: ModifierGroup[];
        /** The sections of the floor */
        sections: Section[];
        /** The tables with their status */
        tables: Table[];
        /** Orders somebody still works on; none on a screen bound to stations */
        orders: Order[];
        /** The stations of the kitchen */
        stations: Station[];
        /** The tickets on the screens; on a station's screen its own */
        tickets: Ticket[];
        /** What needs somebody now: all of it for managers, what concerns their own orders for waiters */
        alerts: Alert[];
      };
      /** By replica: a thing whose field has none of these values has left it. Go by this and not by a list of your own: a newer server may know more values. A replica that is not named loses things by `removes` only */
      live: Record<string, {
        field: string;
        values: string[];
      }>;
    };
  };
  /**
   * The events after a position that this session may see
   *
   * In order and paged: go on from `position` while `more`. `reset: true` when the position lies in another epoch, or events after it are not there any more (older than the retention, or written under a wrong clock): take `sync:snapshot` again. What is answered without it is whole.
   *
   * Permission: sync:read.
   */
  'sync:since': {
    kind: 'query';
    input: {
      /** Changes when history does (a restored backup) */
      epoch: string;
      /** The last seq applied */
      seq: number;
      /** Events a page, about */
      limit?: number;
    };
    output: {
      reset: true;
      /** Changes when history does (a restored backup) */
      epoch: string;
      /** The rooms this session is in */
      rooms: string[];
    } | {
      reset: false;
      /** Changes when history does (a restored backup) */
      epoch: string;
      /** The rooms this session is in */
      rooms: string[];
      events: Envelope[];
      /** Complete up to this seq */
      position: number;
      more: boolean;
      /** By replica: a thing whose field has none of these values has left it. Go by this and not by a list of your own: a newer server may know more values. A replica that is not named loses things by `removes` only */
      live: Record<string, {
        field: string;
        values: string[];
      }>;
    };
  };
  /**
   * Hand over what was done off line, with a result for each command
   *
   * At most 100 commands and 512 KiB. They are carried out one after the other, each as if sent alone: with its own permission, limit, validation and idempotency key. One that is refused does not stop those after it; one that cannot be carried out now (too busy, rate limit) defers itself and all after it.
   *
   * Permission: authenticated.
   */
  'sync:submit': {
    kind: 'batch';
    input: {
      /** Id of the person who gave the commands; must be who is logged in */
      author: string;
      /** In the order in which they were given; no two have the same `key` */
      commands: SubmittedCommand[];
    };
    output: {
      /** One for each command, in their order */
      results: SubmitResult[];
    };
  };
}

/** What the server announces: the payload of each event. */
export interface Events {
  /**
   * A restaurant signed up
   *
   * Goes to: all.
   */
  'restaurant:created': {
    /** The restaurant with its settings */
    restaurant: Restaurant;
  };
  /**
   * The name or the settings of the restaurant have changed
   *
   * Goes to: all.
   */
  'restaurant:updated': {
    /** The restaurant with its settings */
    restaurant: Restaurant;
  };
  /**
   * A person was added or changed; whole, for managers and the person
   *
   * Goes to: can:staff:write, user:{id}.
   */
  'staff:changed': {
    /** The person as they are now */
    staff: StaffMember;
  };
  /**
   * A name, a role or who works here has changed; for the screens that show colleagues
   *
   * Goes to: can:staff:read.
   */
  'staff:roster-changed': {
    /** The person as colleagues see them now */
    member: StaffCard;
  };
  /**
   * A device was paired, changed or unpaired
   *
   * Goes to: can:device:write.
   */
  'device:changed': {
    /** The device as it is now */
    device: Device;
  };
  /**
   * A device is back on line with commands that it could not hand over before
   *
   * Goes to: can:device:write.
   */
  'device:returned': {
    /** Id of who is logged in on it */
    userId: string;
    /** Name of the person */
    name: string;
    /** Id of the paired device, if it is one */
    deviceId?: string;
    /** Name of the device, as people call it */
    deviceName?: string;
    /** Commands that the device holds and has not been able to hand over, as it last said */
    unsent: Unsent;
  };
  /**
   * Categories, items or modifier groups were added, changed, archived or removed
   *
   * Goes to: all.
   */
  'menu:updated': {
    /** Added or changed */
    categories?: MenuCategory[];
    /** Added, changed or archived */
    items?: MenuItem[];
    /** Added or changed */
    modifierGroups?: ModifierGroup[];
    removedCategoryIds?: string[];
    removedModifierGroupIds?: string[];
  };
  /**
   * An item was sold out or brought back, or its remaining portions changed
   *
   * Goes to: all.
   */
  'menu:availability-changed': {
    item: MenuItem;
  };
  /**
   * Sections or tables were added, changed or removed, or lost their waiter
   *
   * Goes to: all.
   */
  'floor:updated': {
    /** Added or changed */
    sections?: Section[];
    /** Added or changed */
    tables?: Table[];
    removedSectionIds?: string[];
    removedTableIds?: string[];
  };
  /**
   * Tables were joined or split, the bill was asked for, or their order got another waiter
   *
   * Goes to: all.
   */
  'table:updated': {
    tables: Table[];
  };
  /**
   * A table was taken, freed, cleaned, reserved or put out of service; one event for each table of a joined group
   *
   * Goes to: all.
   */
  'table:status-changed': {
    table: Table;
    /** Its status before */
    from: 'available' | 'reserved' | 'occupied' | 'dirty' | 'out_of_service';
  };
  /**
   * Tables were given to a waiter, or to nobody
   *
   * Goes to: all.
   */
  'table:assigned': {
    tables: Table[];
    /** Id of the waiter; absent when they are nobody’s now */
    waiterId?: string;
  };
  /**
   * A table, with its open order if there is one, went over to another waiter
   *
   * Goes to: all.
   */
  'table:transferred': {
    table: Table;
    /** The tables joined to it, which go along */
    joined: Table[];
    /** Id of the waiter who had it */
    fromWaiterId?: string;
    /** Id of the waiter who has it now */
    toWaiterId: string;
    /** Id of the open order that goes along */
    orderId?: string;
  };
  /**
   * A section with all its tables was given to a waiter, or to nobody
   *
   * Goes to: all.
   */
  'staff:assigned': {
    section: Section;
    /** The tables whose waiter changed with it */
    tables: Table[];
    /** Id of the waiter; absent when it is nobody’s now */
    waiterId?: string;
  };
  /**
   * An order was placed
   *
   * Goes to: can:order:read.
   */
  'order:created': {
    /** The order */
    order: Order;
  };
  /**
   * An order changed: lines added, changed or moved, its table, waiter, guests or note, or its end
   *
   * Goes to: can:order:read.
   */
  'order:updated': {
    /** As it is now */
    order: Order;
  };
  /**
   * Lines of an order were fired, held, begun, made ready, served, cancelled or voided
   *
   * Goes to: can:order:read.
   */
  'order:line-status-changed': {
    /** As it is now */
    order: Order;
    /** The lines that moved */
    lineIds: string[];
    /** What they are now */
    status: 'held' | 'fired' | 'preparing' | 'ready' | 'served' | 'cancelled' | 'voided';
  };
  /**
   * The status or the stage of an order moved; the order itself came with the event before
   *
   * Goes to: can:order:read.
   */
  'order:status-changed': {
    /** Id of the order */
    orderId: string;
    /** The order's number */
    number: number;
    /** Id of its table */
    tableId?: string;
    /** Id of its waiter */
    waiterId: string;
    /** Status now */
    status: 'needs_approval' | 'scheduled' | 'open' | 'completed' | 'cancelled';
    /** Stage now */
    stage: 'pending' | 'preparing' | 'ready' | 'served';
    /** What they were */
    previous: {
      status: 'needs_approval' | 'scheduled' | 'open' | 'completed' | 'cancelled';
      stage: 'pending' | 'preparing' | 'ready' | 'served';
    };
  };
  /**
   * An order was cancelled before anything of it was made
   *
   * Goes to: can:order:read.
   */
  'order:cancelled': {
    /** As it is now */
    order: Order;
    /** Why */
    reason: string;
  };
  /**
   * A station has something to make, or hears of a change
   *
   * Goes to: can:kitchen:read, station:{id}.
   */
  'kitchen:ticket-created': {
    /** The ticket as it is now */
    ticket: Ticket;
  };
  /**
   * A ticket was received, seen, begun, made ready, bumped, recalled, prioritised or changed
   *
   * Goes to: can:kitchen:read, station:{id}.
   */
  'kitchen:ticket-updated': {
    /** The ticket as it is now */
    ticket: Ticket;
  };
  /**
   * Stations were added, changed or removed
   *
   * Goes to: all.
   */
  'kitchen:stations-updated': {
    /** Added or changed */
    stations: Station[];
    /** Removed */
    removedStationIds: string[];
  };
  /**
   * Something in the house needs somebody now
   *
   * Goes to: can:dashboard:read, user:{id}.
   */
  'dashboard:alert': {
    /** The alert as it is now */
    alert: Alert;
  };
  /**
   * Somebody took an alert on, or it is over
   *
   * Goes to: can:dashboard:read, user:{id}.
   */
  'dashboard:alert-updated': {
    /** The alert as it is now */
    alert: Alert;
  };
}

/** What every screen keeps a live copy of: the type of the things in each replica. */
export interface Replicas {
  /** The restaurant with its settings; a list of one */
  restaurant: Restaurant;
  /** Names and roles of the people who work here, and of those who have left */
  staff: StaffCard;
  /** The categories of the menu */
  menuCategories: MenuCategory;
  /** The items on the menu */
  menuItems: MenuItem;
  /** The modifier groups that items and options lead to */
  modifierGroups: ModifierGroup;
  /** The sections of the floor */
  sections: Section;
  /** The tables with their status */
  tables: Table;
  /** Orders somebody still works on; none on a screen bound to stations */
  orders: Order;
  /** The stations of the kitchen */
  stations: Station;
  /** The tickets on the screens; on a station's screen its own */
  tickets: Ticket;
  /** What needs somebody now: all of it for managers, what concerns their own orders for waiters */
  alerts: Alert;
}

/** The alert as it is now */
export interface Alert {
  /** Id of the alert */
  id: string;
  /** Counts the changes; for If-Match / expectedVersion */
  version: number;
  /** `ticket_undelivered`: no screen has a ticket; `station_without_screen`: nobody sees its open tickets; `unrouted`: food that no station says it makes went to the first one; `routes_lost`: categories that a station made are gone from the menu; `staff_left`: open orders and tables of somebody who has left are to be handed over; `order_late`: a scheduled order went to the kitchen after its time or, hours after its pick-up, waits for somebody to decide */
  kind: 'ticket_undelivered' | 'station_without_screen' | 'unrouted' | 'routes_lost' | 'staff_left' | 'order_late';
  /** `acknowledged`: somebody looks after it */
  status: 'open' | 'acknowledged' | 'resolved';
  /** Id of the station; of all kinds but `staff_left` and `order_late` */
  stationId?: string;
  /** Station */
  stationName?: string;
  /** Whether no screen of the station's was on line */
  noScreen: boolean;
  /** Id of the ticket */
  ticketId?: string;
  /** Id of its order */
  orderId?: string;
  /** The order's number */
  orderNumber?: number;
  /** Table */
  tableName?: string;
  /** Of a late order: whether it is with the kitchen now */
  isFired?: boolean;
  /** Open tickets at the station */
  openTickets?: number;
  /** Id of the item that no route names */
  itemId?: string;
  /** Item */
  itemName?: string;
  /** Id of who has left */
  staffId?: string;
  /** Who has left */
  staffName?: string;
  /** Their open orders */
  orderNumbers?: number[];
  /** Tables that were theirs or have an open order of theirs */
  tableNames?: string[];
  /** Whose orders it is about */
  waiterIds: string[];
  /** When it was raised (ISO 8601, UTC) */
  raisedAt: string;
  /** When somebody took it on (ISO 8601, UTC) */
  acknowledgedAt?: string;
  /** Id of who did */
  acknowledgedBy?: string;
  /** When it was over (ISO 8601, UTC) */
  resolvedAt?: string;
  /** Id of who said so, if somebody did */
  resolvedBy?: string;
  /** Why it is over: a screen has the ticket, it is needed no more, a screen is back, a route is set, or by hand */
  resolution?: 'received' | 'not_needed' | 'screen_back' | 'routed' | 'by_hand';
}

export interface AllDayCount {
  /** Id of the station */
  stationId: string;
  /** Id of the item */
  itemId: string;
  /** Item */
  name: string;
  /** Size */
  sizeName?: string;
  /** Still to make */
  quantity: number;
}

/** Of the 14 in Regulation (EU) No 1169/2011, Annex II, and the restaurant's own */
export interface Allergens {
  /** In the dish */
  contains: string[];
  /** Possibly in the dish */
  traces: string[];
}

/** Always and everywhere when not given */
export interface Availability {
  /** Where it can be ordered */
  channels: ('dine-in' | 'takeaway' | 'delivery')[];
  /** When it can be ordered; empty means always */
  dayparts: Daypart[];
}

/** Prices that differ by channel */
export interface ChannelPrices {
  /** At most about a million US dollars in the restaurant's currency */
  'dine-in'?: Price;
  /** At most about a million US dollars in the restaurant's currency */
  takeaway?: Price;
  /** At most about a million US dollars in the restaurant's currency */
  delivery?: Price;
}

export interface ChannelTaxClasses {
  /** Code of one of the restaurant's tax classes */
  'dine-in'?: string;
  /** Code of one of the restaurant's tax classes */
  takeaway?: string;
  /** Code of one of the restaurant's tax classes */
  delivery?: string;
}

export interface Customer {
  /** Name to call out */
  name: string;
  /** Phone number */
  phone?: string;
  /** Where to deliver */
  address?: string;
}

export interface Daypart {
  /** 1 Monday .. 7 Sunday; the days on which it begins */
  weekdays: number[];
  /** Beginning, HH:MM on the restaurant's clock */
  from: string;
  /** End (exclusive); not after `from` means on the next day, equal to it a whole day, HH:MM on the restaurant's clock */
  to: string;
}

export interface Declared {
  /** What menu items name it by: small letters, digits, hyphens and underscores */
  code: string;
  /** What guests read */
  name: string;
}

/** The device as it is now */
export interface Device {
  /** Id of the device */
  id: string;
  /** Counts the changes; for If-Match / expectedVersion */
  version: number;
  /** Name of the device, as people call it */
  name: string;
  /** What it is used for */
  kind: 'kitchen' | 'waiter' | 'till' | 'host' | 'office';
  /** Kitchen stations whose tickets its screen shows; none for an expo or any other screen */
  stationIds: string[];
  /** False once it is unpaired */
  active: boolean;
  /** When it was paired (ISO 8601, UTC) */
  createdAt: string;
}

export interface Envelope {
  id: string;
  epoch: string;
  /** The event's number in the restaurant's journal, without gaps */
  seq: number;
  name: string;
  restaurantId: string;
  /** When it was committed (ISO 8601, UTC) */
  at: string;
  actor: {
    id: string;
    name: string;
  };
  /** The event's payload */
  data: Record<string, unknown>;
  /** The last event before this one in each of its rooms, and in rooms spoken to since: a seq beyond one's position is a gap */
  prev: Record<string, number>;
}

export interface ExpoOrder {
  /** Id of the order */
  orderId: string;
  /** The order's number */
  orderNumber: number;
  /** Table */
  tableName?: string;
  /** How it leaves the house */
  channel: 'dine-in' | 'takeaway' | 'delivery';
  /** Whether it can go out */
  isReady: boolean;
  /** Its tickets with food on them that was not served yet; `done` are those bumped */
  tickets: {
    /** Id of the ticket */
    ticketId: string;
    /** Id of the station */
    stationId: string;
    /** Status */
    status: 'queued' | 'preparing' | 'ready' | 'done' | 'cancelled';
  }[];
}

export interface Floor {
  sections: Section[];
  tables: Table[];
}

export interface LinePart {
  /** Id of the line */
  lineId: string;
  /** How many portions go; all of them: the whole line */
  quantity: number;
}

export interface ListedDevice {
  /** Id of the device */
  id: string;
  /** Counts the changes; for If-Match / expectedVersion */
  version: number;
  /** Name of the device, as people call it */
  name: string;
  /** What it is used for */
  kind: 'kitchen' | 'waiter' | 'till' | 'host' | 'office';
  /** Kitchen stations whose tickets its screen shows; none for an expo or any other screen */
  stationIds: string[];
  /** False once it is unpaired */
  active: boolean;
  /** When it was paired (ISO 8601, UTC) */
  createdAt: string;
  /** Last log-in with a PIN (ISO 8601, UTC) */
  lastLoginAt?: string;
  /** Until when it takes no PIN, after too many wrong ones (ISO 8601, UTC) */
  lockedUntil?: string;
  /** Whether it is connected */
  online: boolean;
  /** Commands that the device holds and has not been able to hand over, as it last said */
  unsent?: Unsent;
}

export interface Login {
  /** For `Authorization: Bearer` and the socket handshake */
  accessToken: string;
  /** End of the access token (ISO 8601, UTC) */
  accessExpiresAt: string;
  /** Good for one refresh */
  refreshToken: string;
  /** End of the session, unless it is refreshed before (ISO 8601, UTC) */
  refreshExpiresAt: string;
  /** Id of the session */
  sessionId: string;
  /** Id of the restaurant */
  restaurantId: string;
  user: StaffMember;
}

export interface Me {
  user: StaffMember;
  restaurant: Restaurant;
  /** Id of the session */
  sessionId: string;
  /** How the person logged in; with a PIN not all of their permissions count */
  how: 'password' | 'pin';
  /** Until when they all do, after `auth:confirm-password` (ISO 8601, UTC) */
  confirmedUntil?: string;
  device?: Device;
  /** Kitchen stations whose tickets its screen shows; none for an expo or any other screen */
  stationIds: string[];
}

export interface Menu {
  categories: MenuCategory[];
  items: MenuItem[];
  modifierGroups: ModifierGroup[];
}

export interface MenuCategory {
  /** Id of the category */
  id: string;
  /** Counts the changes; for If-Match / expectedVersion */
  version: number;
  /** The restaurant's own short code; unique, and what an import finds the thing by */
  code?: string;
  name: string;
  description?: string;
  /** Place in the list, ascending */
  position: number;
  /** Tax class of new items that name none */
  taxClass?: string;
  /** Tax classes that differ by channel, for instance of what is taken away */
  channelTaxClasses?: ChannelTaxClasses;
  /** Course of new items that name none */
  course?: number;
}

export interface MenuFile {
  format: 'brigade-menu/1';
  /** no two have the same `code` */
  categories: MenuFileCategory[];
  /** no two have the same `code` */
  modifierGroups: MenuFileModifierGroup[];
  /** no two have the same `code` */
  items: MenuFileItem[];
}

export interface MenuFileCategory {
  /** The restaurant's own short code; unique, and what an import finds the thing by */
  code: string;
  name: string;
  description?: string;
  /** Place in the list, ascending */
  position?: number;
  /** Tax class of new items that name none */
  taxClass?: string;
  /** Tax classes by channel of new items that name no tax class */
  channelTaxClasses?: ChannelTaxClasses;
  /** Course of new items that name none */
  course?: number;
}

export interface MenuFileItem {
  /** The restaurant's own short code; unique, and what an import finds the thing by */
  code: string;
  /** Number, as guests say it, for instance 23a; several may have the same */
  number?: string;
  name: string;
  description?: string;
  /** Place in the list, ascending */
  position?: number;
  /** A single price; give this or `sizes`, or neither with `openPrice` */
  price?: Price;
  /** Prices that differ by channel */
  channelPrices?: ChannelPrices;
  /** Sizes with a price each, for instance 0.3 l and 0.5 l */
  sizes?: MenuFileSize[];
  /** Happy hours and the like; the first that applies counts */
  priceRules?: MenuPriceRule[];
  /** Code of one of the restaurant's tax classes; the category's when not given */
  taxClass?: string;
  /** Of the 14 in Regulation (EU) No 1169/2011, Annex II, and the restaurant's own */
  allergens?: Allergens;
  /** Codes of the restaurant's additives that are in it */
  additives?: string[];
  /** What diets it suits, and `spicy` */
  dietary?: ('vegetarian' | 'vegan' | 'gluten_free' | 'lactose_free' | 'halal' | 'kosher' | 'spicy' | 'very_spicy' | 'non_vegetarian' | 'pescatarian' | 'jain' | 'organic' | 'sugar_free' | 'contains_alcohol' | 'contains_pork')[];
  /** Time to prepare one, in seconds */
  prepSeconds?: number;
  /** Course it is served in by default; the category's, or 1, when not given */
  course?: number;
  /** Where its picture is */
  imageUrl?: string;
  /** Tax classes that differ by channel; the category's when neither is given */
  channelTaxClasses?: ChannelTaxClasses;
  /** Always and everywhere when not given */
  availability?: Availability;
  /** What a quantity of it is of; portions when not given */
  unit?: 'portion' | 'piece' | 'kg' | 'g' | 'lb' | 'oz' | 'l' | 'cl' | 'ml';
  /** How many decimals a quantity of it may have; 3 when not given, 0: only whole ones */
  decimals?: number;
  /** Priced when it is ordered, by who may (`order:open-price`); `price` is then what it costs when nothing is said */
  openPrice?: boolean;
  /** Code of its category */
  category: string;
  /** Codes of its modifier groups */
  modifierGroups?: string[];
  /** Sold out, where the item is neither that nor counted yet */
  soldOut?: {
    /** It is sold out until then; null: until lifted (ISO 8601, UTC) */
    until: string | null;
  };
  /** Portions left, where the item is neither sold out nor counted yet */
  remaining?: number;
}

export interface MenuFileModifierGroup {
  /** The restaurant's own short code; unique, and what an import finds the thing by */
  code: string;
  name: string;
  /** Choices at least; above 0 it is required */
  min: number;
  /** Choices at most, quantities counted */
  max: number;
  /** So many choices cost nothing: the cheapest of those that cost something */
  free?: number;
  options: MenuFileOption[];
}

export interface MenuFileOption {
  name: string;
  description?: string;
  /** Added to the item, or taken off it; nothing when not given */
  price?: PriceDifference;
  /** Prices that differ by the size of the dish, by the name of the size */
  prices?: Record<string, PriceDifference>;
  /** How many of it at most; as many as the group allows when not given */
  max?: number;
  /** Of the 14 in Regulation (EU) No 1169/2011, Annex II, and the restaurant's own */
  allergens?: Allergens;
  /** Codes of the restaurant's additives that are in it */
  additives?: string[];
  /** Chosen unless the guest says otherwise */
  default?: boolean;
  /** Codes of the groups asked once this is chosen */
  nestedGroups?: string[];
  /** Sold out, where the option is new */
  soldOut?: boolean;
}

export interface MenuFileSize {
  /** Of a size the item already has; without it a size of the same name keeps its id */
  id?: string;
  name: string;
  /** At most about a million US dollars in the restaurant's currency */
  price: Price;
  /** Prices that differ by channel */
  channelPrices?: ChannelPrices;
  /** Sold out, where the size is new */
  soldOut?: boolean;
}

export interface MenuImported {
  /** Categories added or changed */
  categories: number;
  /** Modifier groups added or changed */
  modifierGroups: number;
  /** Items added or changed */
  items: number;
  /** Categories and groups removed, and items archived */
  removed: number;
}

export interface MenuItem {
  /** Id of the item */
  id: string;
  /** Counts the changes; for If-Match / expectedVersion */
  version: number;
  /** An archived item can no longer be ordered */
  status: 'active' | 'archived';
  /** The restaurant's own short code; unique, and what an import finds the thing by */
  code?: string;
  /** Number, as guests say it, for instance 23a; several may have the same */
  number?: string;
  name: string;
  description?: string;
  /** Id of its category */
  categoryId: string;
  /** Place in the list, ascending */
  position: number;
  /** Present when the item has no sizes, but for an open price */
  price?: Price;
  /** Prices that differ by channel */
  channelPrices?: ChannelPrices;
  /** Empty when the item has a single price */
  sizes: MenuItemSize[];
  /** The first that applies counts */
  priceRules: MenuPriceRule[];
  /** Code of one of the restaurant's tax classes */
  taxClass: string;
  /** Tax classes that differ by channel, for instance of what is taken away */
  channelTaxClasses?: ChannelTaxClasses;
  /** Of the 14 in Regulation (EU) No 1169/2011, Annex II, and the restaurant's own */
  allergens: Allergens;
  /** Codes of the restaurant's additives that are in it */
  additives?: string[];
  /** What diets it suits, and `spicy` */
  dietary: ('vegetarian' | 'vegan' | 'gluten_free' | 'lactose_free' | 'halal' | 'kosher' | 'spicy' | 'very_spicy' | 'non_vegetarian' | 'pescatarian' | 'jain' | 'organic' | 'sugar_free' | 'contains_alcohol' | 'contains_pork')[];
  /** Time to prepare one, in seconds */
  prepSeconds: number;
  /** Course it is served in by default */
  course: number;
  /** Where its picture is */
  imageUrl?: string;
  /** In the order they are asked */
  modifierGroupIds: string[];
  availability: Availability;
  /** What a quantity of it is of; portions when not given */
  unit?: 'portion' | 'piece' | 'kg' | 'g' | 'lb' | 'oz' | 'l' | 'cl' | 'ml';
  /** How many decimals a quantity of it may have; 3 when not given, 0: only whole ones */
  decimals?: number;
  /** Priced when it is ordered, by who may (`order:open-price`); `price` is then what it costs when nothing is said */
  openPrice?: boolean;
  /** Present while somebody has set it to sold out (86); past `until` it means nothing */
  soldOut?: {
    /** It is sold out until then; null: until lifted (ISO 8601, UTC) */
    until: string | null;
  };
  /** Portions left, where they are counted */
  remaining?: number;
}

export interface MenuItemSize {
  /** Id of the size */
  id: string;
  name: string;
  /** At most about a million US dollars in the restaurant's currency */
  price: Price;
  /** Prices that differ by channel */
  channelPrices?: ChannelPrices;
  /** Sold out (86), until somebody lifts it */
  soldOut?: boolean;
}

export interface MenuItemSizeInput {
  /** Of a size the item already has; without it a size of the same name keeps its id */
  id?: string;
  name: string;
  /** At most about a million US dollars in the restaurant's currency */
  price: Price;
  /** Prices that differ by channel */
  channelPrices?: ChannelPrices;
}

export interface MenuPriceRule {
  /** Shown beside the price, for instance Happy hour */
  name: string;
  /** 1 Monday .. 7 Sunday; the days on which it begins */
  weekdays: number[];
  /** Beginning, HH:MM on the restaurant's clock */
  from: string;
  /** End (exclusive); not after `from` means on the next day, equal to it a whole day, HH:MM on the restaurant's clock */
  to: string;
  /** Where it holds; everywhere when not given */
  channels?: ('dine-in' | 'takeaway' | 'delivery')[];
  /** Price in these hours (items without sizes) */
  price?: Price;
  /** Percent off the usual price in these hours */
  percentOff?: number;
}

export interface ModifierChoice {
  /** Id of the modifier group */
  groupId: string;
  /** Id of the option */
  optionId: string;
  /** How many with each portion */
  quantity?: number;
}

export interface ModifierGroup {
  /** Id of the modifier group */
  id: string;
  /** Counts the changes; for If-Match / expectedVersion */
  version: number;
  /** The restaurant's own short code; unique, and what an import finds the thing by */
  code?: string;
  name: string;
  /** Choices at least; above 0 it is required */
  min: number;
  /** Choices at most, quantities counted */
  max: number;
  /** So many choices cost nothing: the cheapest of those that cost something */
  free?: number;
  options: ModifierOption[];
}

export interface ModifierOption {
  /** Id of the option */
  id: string;
  name: string;
  description?: string;
  /** Added to the item, or taken off it */
  price: PriceDifference;
  /** Prices that differ by the size of the dish, by the name of the size */
  prices?: Record<string, PriceDifference>;
  /** How many of it at most; as many as the group allows when not given */
  max?: number;
  /** Of the 14 in Regulation (EU) No 1169/2011, Annex II, and the restaurant's own */
  allergens?: Allergens;
  /** Codes of the restaurant's additives that are in it */
  additives?: string[];
  /** Chosen unless the guest says otherwise */
  default: boolean;
  soldOut: boolean;
  /** Asked once this is chosen */
  nestedGroupIds: string[];
}

export interface ModifierOptionInput {
  name: string;
  description?: string;
  /** Added to the item, or taken off it; nothing when not given */
  price?: PriceDifference;
  /** Prices that differ by the size of the dish, by the name of the size */
  prices?: Record<string, PriceDifference>;
  /** How many of it at most; as many as the group allows when not given */
  max?: number;
  /** Of the 14 in Regulation (EU) No 1169/2011, Annex II, and the restaurant's own */
  allergens?: Allergens;
  /** Codes of the restaurant's additives that are in it */
  additives?: string[];
  /** Chosen unless the guest says otherwise */
  default?: boolean;
  /** Of an option the group has; without it an option of the same name keeps its id */
  id?: string;
  /** Asked once this is chosen */
  nestedGroupIds?: string[];
}

export interface Money {
  /** Integer minor units */
  amount: number;
  /** ISO 4217 */
  currency: string;
}

export interface Order {
  /** Id of the order */
  id: string;
  /** Counts the changes; for If-Match / expectedVersion */
  version: number;
  /** Counted from 1 each business day */
  number: number;
  /** Business day, YYYY-MM-DD */
  businessDay: string;
  /** How it leaves the house */
  channel: 'dine-in' | 'takeaway' | 'delivery';
  /** Status */
  status: 'needs_approval' | 'scheduled' | 'open' | 'completed' | 'cancelled';
  /** How far the kitchen is with it; follows from the lines */
  stage: 'pending' | 'preparing' | 'ready' | 'served';
  /** Id of the table */
  tableId?: string;
  /** Id of the waiter */
  waiterId: string;
  /** Guests */
  guestCount: number;
  customer?: Customer;
  /** When it is wanted (ISO 8601, UTC) */
  pickupAt?: string;
  /** Of a scheduled order: when it goes to the kitchen by itself (ISO 8601, UTC) */
  fireAt?: string;
  /** For everybody who works on the order, for instance an allergy */
  note: string;
  /** ISO 4217 */
  currency: string;
  /** Whether the prices include the taxes */
  pricesIncludeTax: boolean;
  /** In the order in which they were added */
  lines: OrderLine[];
  /** What it comes to, without cancelled and voided lines */
  totals: {
    /** Sum of the lines */
    subtotal: Money;
    /** One for each class and rate */
    taxes: OrderTax[];
    /** What the guests pay */
    total: Money;
  };
  /** When it was placed (ISO 8601, UTC) */
  openedAt: string;
  /** When it was completed or cancelled (ISO 8601, UTC) */
  closedAt?: string;
  /** Why it was cancelled */
  cancelReason?: string;
}

export interface OrderLine {
  /** Id of the line */
  id: string;
  /** Id of the menu item */
  itemId: string;
  /** Id of the item's category */
  categoryId: string;
  /** Number of the dish on the menu */
  number?: string;
  /** Name when it was ordered */
  name: string;
  /** Id of the size */
  sizeId?: string;
  /** Size */
  sizeName?: string;
  /** What was chosen with it */
  modifiers: OrderLineModifier[];
  /** How many, or how much: at most three decimals, as the item's `decimals` allow */
  quantity: number;
  /** What the quantity is of; portions when not given */
  unit?: 'portion' | 'piece' | 'kg' | 'g' | 'lb' | 'oz' | 'l' | 'cl' | 'ml';
  /** Of one, without modifiers, when it was ordered */
  unitPrice: Money;
  /** Somebody said its price */
  openPrice?: true;
  /** Of the line, with modifiers */
  total: Money;
  /** Code of the tax class */
  taxClass: string;
  /** Tax rate in parts per million: 88750 is 8.875 % */
  ratePpm: number;
  /** Parts of the rate that are shown apart */
  taxComponents?: {
    /** Name */
    name: string;
    /** Tax rate in parts per million: 88750 is 8.875 % */
    ratePpm: number;
  }[];
  /** Seat at the table, from 1 */
  seat?: number;
  /** Course, from 1 */
  course: number;
  /** Where it is between held and served */
  status: 'held' | 'fired' | 'preparing' | 'ready' | 'served' | 'cancelled' | 'voided';
  /** For the kitchen, for instance "no salt" */
  note: string;
  /** Allergens it contains, with its options */
  allergens: string[];
  /** Allergens it may contain */
  traces: string[];
  /** Time to prepare one, in seconds */
  prepSeconds: number;
  /** Number of the firing that sent it to the kitchen */
  firing?: number;
  /** When it was sent to the kitchen (ISO 8601, UTC) */
  firedAt?: string;
  /** When the kitchen was done with it (ISO 8601, UTC) */
  readyAt?: string;
  /** When the guests had it (ISO 8601, UTC) */
  servedAt?: string;
  /** Present when it was voided */
  void?: {
    /** Why */
    reason: string;
    /** Who voided it */
    by: Person;
    /** When (ISO 8601, UTC) */
    at: string;
  };
  /** Who ordered it */
  addedBy: Person;
}

export interface OrderLineInput {
  /** Id of the line, chosen by the client: a line that comes again under its id is not made again */
  id?: string;
  /** Id of the menu item */
  itemId: string;
  /** Required for an item that has sizes */
  sizeId?: string;
  /** What is chosen with it */
  modifiers?: ModifierChoice[];
  /** How many, or how much: at most three decimals, as the item's `decimals` allow */
  quantity?: number;
  /** Of one; for an item with `openPrice`, and only with the permission `order:open-price` */
  price?: Price;
  /** Seat at the table, from 1 */
  seat?: number;
  /** Course it is served in; the item's own when not given */
  course?: number;
  /** For the kitchen, for instance "no salt" */
  note?: string;
  /** Not sent to the kitchen yet, whatever `fire` says */
  hold?: boolean;
}

export interface OrderLineModifier {
  /** Id of the modifier group */
  groupId: string;
  /** Id of the option */
  optionId: string;
  /** Name when it was ordered */
  name: string;
  /** Of one, when it was ordered */
  price: Money;
  /** How many with each portion */
  quantity: number;
  /** How many of them cost nothing */
  free?: number;
}

export interface OrderTax {
  /** Code of the tax class */
  code: string;
  /** Tax rate in parts per million: 88750 is 8.875 % */
  ratePpm: number;
  /** The parts of the tax that are shown apart; `amount` is their sum */
  components?: {
    /** Name */
    name: string;
    /** Tax rate in parts per million: 88750 is 8.875 % */
    ratePpm: number;
    /** Its part of the tax */
    amount: Money;
  }[];
  /** What it was counted on, as the menu prices are */
  base: Money;
  /** The tax */
  amount: Money;
}

export interface Pad {
  /** Name, as guests know it */
  restaurant: string;
  /** The device itself */
  device: {
    /** Id of the device */
    id: string;
    /** Name of the device, as people call it */
    name: string;
    /** Until when it takes no PIN, after too many wrong ones (ISO 8601, UTC) */
    lockedUntil?: string;
  };
  /** By name; no two have the same */
  people: PadPerson[];
}

export interface PadPerson {
  /** Id of the person; `staffId` of the log-in */
  id: string;
  /** Name as colleagues and receipts show it */
  name: string;
  /** Role */
  role: 'owner' | 'manager' | 'waiter' | 'kitchen' | 'cashier' | 'host';
}

export interface Person {
  /** Id of the person */
  id: string;
  /** Name at that moment */
  name: string;
}

export interface Present {
  /** Id of the person */
  userId: string;
  /** Name of the person */
  name: string;
  /** Role of the person */
  role: 'owner' | 'manager' | 'waiter' | 'kitchen' | 'cashier' | 'host';
  /** Id of the paired device, if it is one */
  deviceId?: string;
  /** Stations the screen is bound to */
  stationIds: string[];
  /** Since when (ISO 8601, UTC) */
  since: string;
  /** Commands that the device holds and has not been able to hand over, as it last said */
  unsent?: Unsent;
}

export interface Price {
  /** Integer minor units */
  amount: number;
  /** ISO 4217; the restaurant's */
  currency: string;
}

export interface PriceDifference {
  /** Integer minor units */
  amount: number;
  /** ISO 4217; the restaurant's */
  currency: string;
}

/** The restaurant with its settings */
export interface Restaurant {
  /** Id of the restaurant */
  id: string;
  /** Counts the changes; for If-Match / expectedVersion */
  version: number;
  /** Name, as guests know it */
  name: string;
  /** ISO 4217; cannot be changed later */
  currency: string;
  /** IANA time zone, for instance Europe/Paris */
  timeZone: string;
  /** BCP 47 language tag, for instance fr-FR; how receipts write dates and money */
  locale: string;
  /** Hour of the local clock at which a business day begins; 4: 03:59 still belongs to yesterday */
  dayStartHour: number;
  /** Whether the prices of the menu contain the tax */
  pricesIncludeTax: boolean;
  /** The kinds of tax that menu items can have; no two have the same `code` */
  taxClasses: TaxClass[];
  /** Allergens beside the 14 of Regulation (EU) No 1169/2011 that the menu may name; no two have the same `code` */
  allergens: Declared[];
  /** Additives that the menu may name, for instance by their numbers; no two have the same `code` */
  additives: Declared[];
  /** Seconds after which a ticket that no screen has received raises an alert; 0: never (no kitchen screens) */
  ticketReceiptSeconds: number;
  /** A scheduled order goes to the kitchen its longest preparation time and so many seconds before it is wanted */
  pickupMarginSeconds: number;
  /** When the restaurant signed up (ISO 8601, UTC) */
  createdAt: string;
}

export interface Section {
  /** Id of the section */
  id: string;
  /** Counts the changes; for If-Match / expectedVersion */
  version: number;
  name: string;
  /** Place in the list, ascending */
  position: number;
  /** Id of the waiter who looks after it */
  waiterId?: string;
}

export interface Session {
  /** Id of the session */
  id: string;
  /** How the person logged in */
  how: 'password' | 'pin';
  /** Id of the paired device */
  deviceId?: string;
  /** Whether it is the one that asks */
  current: boolean;
  /** Log-in (ISO 8601, UTC) */
  startedAt: string;
  /** Last refresh (ISO 8601, UTC) */
  refreshedAt: string;
  /** End, unless it is refreshed before (ISO 8601, UTC) */
  expiresAt: string;
}

export interface SignedUp {
  restaurant: Restaurant;
  owner: StaffMember;
}

/** The person as colleagues see them now */
export interface StaffCard {
  /** Id of the staff member */
  id: string;
  /** Name as colleagues and receipts show it */
  name: string;
  /** Role */
  role: 'owner' | 'manager' | 'waiter' | 'kitchen' | 'cashier' | 'host';
  /** False for people who have left */
  active: boolean;
}

/** The person as they are now */
export interface StaffMember {
  /** Id of the staff member */
  id: string;
  /** Counts the changes; for If-Match / expectedVersion */
  version: number;
  /** Name as colleagues and receipts show it */
  name: string;
  /** E-mail address for logging in; not case-sensitive */
  email?: string;
  /** Role; decides the permissions */
  role: 'owner' | 'manager' | 'waiter' | 'kitchen' | 'cashier' | 'host';
  /** Permissions beyond the role's */
  allow: ('restaurant:read' | 'restaurant:write' | 'staff:read' | 'staff:write' | 'device:write' | 'menu:read' | 'menu:write' | 'menu:availability' | 'floor:read' | 'floor:write' | 'floor:assign' | 'table:status' | 'order:read' | 'order:write' | 'order:void' | 'order:transfer' | 'order:open-price' | 'kitchen:read' | 'kitchen:write' | 'ticket:write' | 'ticket:prioritise' | 'dashboard:read' | 'dashboard:write' | 'sync:read')[];
  /** Permissions withheld; a denial wins */
  deny: ('restaurant:read' | 'restaurant:write' | 'staff:read' | 'staff:write' | 'device:write' | 'menu:read' | 'menu:write' | 'menu:availability' | 'floor:read' | 'floor:write' | 'floor:assign' | 'table:status' | 'order:read' | 'order:write' | 'order:void' | 'order:transfer' | 'order:open-price' | 'kitchen:read' | 'kitchen:write' | 'ticket:write' | 'ticket:prioritise' | 'dashboard:read' | 'dashboard:write' | 'sync:read')[];
  /** What this person may do, all told */
  permissions: ('restaurant:read' | 'restaurant:write' | 'staff:read' | 'staff:write' | 'device:write' | 'menu:read' | 'menu:write' | 'menu:availability' | 'floor:read' | 'floor:write' | 'floor:assign' | 'table:status' | 'order:read' | 'order:write' | 'order:void' | 'order:transfer' | 'order:open-price' | 'kitchen:read' | 'kitchen:write' | 'ticket:write' | 'ticket:prioritise' | 'dashboard:read' | 'dashboard:write' | 'sync:read')[];
  /** Whether a password is set */
  hasPassword: boolean;
  /** Whether a PIN is set */
  hasPin: boolean;
  /** False for people who have left: they cannot log in */
  active: boolean;
  /** When the person was added (ISO 8601, UTC) */
  createdAt: string;
}

export interface Station {
  /** Id of the station */
  id: string;
  /** Counts the changes; for If-Match / expectedVersion */
  version: number;
  /** Name, unique among the stations */
  name: string;
  /** `prep` makes what is routed to it; `expo` is the pass, which sees all and makes nothing; `none` is nobody: what is routed to it (bottles from the fridge) is ready at once */
  kind: 'prep' | 'expo' | 'none';
  /** Place in the list, ascending */
  position: number;
  /** What is made here */
  routes: StationRoutes;
  /** Has what no route names; at most one station */
  isDefault: boolean;
  /** A ticket should be ready within these seconds */
  targetSeconds: number;
  /** A ticket is late after these seconds */
  lateSeconds: number;
}

/** What is made here */
export interface StationRoutes {
  /** Categories made here */
  categoryIds: string[];
  /** Items made here; before categories */
  itemIds: string[];
}

export interface SubmitResult {
  /** The command's key */
  key: string;
  /** `applied` now; `replayed`: was carried out before; `conflict`: the thing has changed, `problem.current` is how it is now; `rejected`: the reason is in `problem`; `deferred`: not tried or not now, send it and all after it again */
  outcome: 'applied' | 'replayed' | 'conflict' | 'rejected' | 'deferred';
  /** As REST would have answered it */
  status: number;
  /** What the command answered */
  data?: unknown;
  /** Why not, as the command alone would have been answered */
  problem?: Record<string, unknown>;
}

export interface SubmittedCommand {
  /** The command, for instance `order:place` */
  name: string;
  /** Its input */
  input?: Record<string, unknown>;
  /** Its idempotency key */
  key: string;
  /** The version the thing must still have */
  expectedVersion?: number;
}

export interface Table {
  /** Id of the table */
  id: string;
  /** Counts the changes; for If-Match / expectedVersion */
  version: number;
  /** What people call it, for instance 12 or Window 2; unique in the restaurant */
  name: string;
  /** Id of its section */
  sectionId: string;
  /** How many can sit */
  seats: number;
  /** How it is drawn */
  shape: 'round' | 'square' | 'rectangle' | 'stool';
  /** Left edge, in centimetres of the section's floor */
  x: number;
  /** Top edge, in centimetres of the section's floor */
  y: number;
  /** Width, in centimetres of the section's floor */
  width: number;
  /** Height, in centimetres of the section's floor */
  height: number;
  status: 'available' | 'reserved' | 'occupied' | 'dirty' | 'out_of_service';
  /** When it got that status (ISO 8601, UTC) */
  statusSince: string;
  /** The guests have asked for the bill */
  billRequested: boolean;
  /** Id of the waiter whose table it is */
  waiterId?: string;
  /** Id of the open order here; on every table of a joined group */
  orderId?: string;
  /** Id of the waiter whose order that is */
  orderWaiterId?: string;
  /** Id of the main table of the group it is joined to */
  joinedTo?: string;
  joinedTableIds: string[];
}

export interface TaxClass {
  /** What menu items name it by: small letters, digits and hyphens */
  code: string;
  /** Name, as receipts show it */
  name: string;
  /** Parts per million: 8.875 % is 88750 */
  ratePpm: number;
  /** Parts that are shown and paid apart, for instance CGST and SGST; no two have the same `name` */
  components?: TaxComponent[];
  /** Rates for a channel or from a day on. A channel's own come before those for all channels, then the later one */
  rates?: TaxRate[];
}

export interface TaxClassInput {
  /** What menu items name it by: small letters, digits and hyphens */
  code: string;
  /** Name, as receipts show it */
  name: string;
  /** Parts per million: 8.875 % is 88750 */
  ratePpm?: number;
  /** Parts that are shown and paid apart, for instance CGST and SGST; no two have the same `name` */
  components?: TaxComponent[];
  /** Rates for a channel or from a day on. A channel's own come before those for all channels, then the later one */
  rates?: TaxRateInput[];
}

export interface TaxComponent {
  /** Name, as receipts show it */
  name: string;
  /** Parts per million */
  ratePpm: number;
}

export interface TaxRate {
  /** Parts per million: 8.875 % is 88750 */
  ratePpm: number;
  /** Parts that are shown and paid apart, for instance CGST and SGST; no two have the same `name` */
  components?: TaxComponent[];
  /** Where it holds; everywhere when not given */
  channel?: 'dine-in' | 'takeaway' | 'delivery';
  /** First business day on which it holds, YYYY-MM-DD; always when not given */
  from?: string;
}

export interface TaxRateInput {
  /** Parts per million: 8.875 % is 88750 */
  ratePpm?: number;
  /** Parts that are shown and paid apart, for instance CGST and SGST; no two have the same `name` */
  components?: TaxComponent[];
  /** Where it holds; everywhere when not given */
  channel?: 'dine-in' | 'takeaway' | 'delivery';
  /** First business day on which it holds, YYYY-MM-DD; always when not given */
  from?: string;
}

/** The ticket as it is now */
export interface Ticket {
  /** Id of the ticket */
  id: string;
  /** Counts the changes; for If-Match / expectedVersion */
  version: number;
  /** Id of the order */
  orderId: string;
  /** The order's number */
  orderNumber: number;
  /** Table */
  tableName?: string;
  /** Waiter */
  waiterName?: string;
  /** Who picks it up */
  customerName?: string;
  /** How it leaves the house */
  channel: 'dine-in' | 'takeaway' | 'delivery';
  /** Guests */
  guestCount: number;
  /** Note on the whole order */
  orderNote: string;
  /** When it is wanted (ISO 8601, UTC) */
  pickupAt?: string;
  /** Id of the station */
  stationId: string;
  /** Number of the firing within the order */
  firing: number;
  /** `new` is the order's first ticket at the station, `delta` everything after it */
  kind: 'new' | 'delta';
  /** Id of the order's first ticket at the station */
  parentTicketId?: string;
  /** Table or order it was for before a move */
  movedFrom?: string;
  /** What to make, and what changed */
  lines: TicketLine[];
  /** Status */
  status: 'queued' | 'preparing' | 'ready' | 'done' | 'cancelled';
  /** 1 goes first */
  priority: 0 | 1;
  /** When it was sent (ISO 8601, UTC) */
  sentAt: string;
  /** Begin then, and all plates of the firing come up together (ISO 8601, UTC) */
  paceStartAt: string;
  /** When the firing should be ready (ISO 8601, UTC) */
  dueAt: string;
  /** When the first screen that speaks for the station had it: its own, or the kitchen's where it has none (ISO 8601, UTC) */
  receivedAt?: string;
  /** The screens that have it: device, or person */
  receivedBy: string[];
  /** When somebody had seen it (ISO 8601, UTC) */
  seenAt?: string;
  /** Ids of the persons who have seen it */
  seenBy: string[];
  /** When it was reported that no screen has it (ISO 8601, UTC) */
  alarmedAt?: string;
  /** When that was over: a screen had it, it was begun, or it was needed no more (ISO 8601, UTC) */
  alarmEndedAt?: string;
  /** When it was begun (ISO 8601, UTC) */
  startedAt?: string;
  /** When it was ready (ISO 8601, UTC) */
  readyAt?: string;
  /** When it was bumped (ISO 8601, UTC) */
  doneAt?: string;
}

export interface TicketLine {
  /** Id of the order's line */
  lineId: string;
  /** Id of the menu item */
  itemId: string;
  /** Number of the dish on the menu */
  number?: string;
  /** Item */
  name: string;
  /** Size */
  sizeName?: string;
  /** What was chosen with it */
  modifiers: {
    /** Option */
    name: string;
    /** How often */
    quantity: number;
  }[];
  /** How many; of a `cancel` how many less */
  quantity: number;
  /** What the quantity is of; portions when not given */
  unit?: 'portion' | 'piece' | 'kg' | 'g' | 'lb' | 'oz' | 'l' | 'cl' | 'ml';
  /** Seat at the table */
  seat?: number;
  /** Course */
  course: number;
  /** The waiter's note */
  note: string;
  /** Allergens it contains, with its options */
  allergens: string[];
  /** Allergens it may contain */
  traces?: string[];
  /** `add` and `move` are food to make (`move` may be half made); `change` and `cancel` are news of a line */
  change: 'add' | 'change' | 'cancel' | 'move';
  /** Where it is; `moved` went to a ticket of another order */
  status: 'queued' | 'preparing' | 'ready' | 'cancelled' | 'moved';
}

export interface Tokens {
  /** For `Authorization: Bearer` and the socket handshake */
  accessToken: string;
  /** End of the access token (ISO 8601, UTC) */
  accessExpiresAt: string;
  /** Good for one refresh */
  refreshToken: string;
  /** End of the session, unless it is refreshed before (ISO 8601, UTC) */
  refreshExpiresAt: string;
  /** Id of the session */
  sessionId: string;
}

/** Commands that the device holds and has not been able to hand over, as it last said */
export interface Unsent {
  /** How many */
  count: number;
  /** When the oldest was given (ISO 8601, UTC) */
  since: string;
}

/** The closed list of errors; the code alone decides the status */
export type ErrorCode = 'malformed' | 'validation_failed' | 'unauthenticated' | 'credentials_invalid' | 'token_invalid' | 'token_expired' | 'session_ended' | 'forbidden' | 'confirmation_needed' | 'not_found' | 'method_not_allowed' | 'illegal_step' | 'conflict' | 'version_conflict' | 'duplicate' | 'sold_out' | 'unavailable_item' | 'in_flight' | 'payload_too_large' | 'unsupported_media_type' | 'key_reused' | 'rate_limited' | 'internal' | 'overloaded' | 'timed_out' | 'unavailable' | 'stopping';

/** An error: RFC 9457 problem details. REST answers it as application/problem+json, a socket in its ack */
export interface Problem {
  /** `urn:brigade:problem:` and the code */
  type: string;
  /** The same for every error of this code */
  title: string;
  /** The HTTP status, over the socket too */
  status: number;
  code: ErrorCode;
  /** One sentence for the person in front of the screen */
  detail?: string;
  /** The fields at fault */
  errors?: {
    /** Path in the input, for instance `lines.0.quantity` */
    field: string;
    message: string;
  }[];
  /** The steps that would be legal now (with illegal_step). Of an order and its lines a step is the operation `order:{step}`, but `start`, `ready` and `recall` are the kitchen's: `ticket:{step}` */
  legal?: string[];
  /** The thing as it is now (with version_conflict and conflict) */
  current?: unknown;
  /** Seconds after which trying again makes sense (429 and 503) */
  retryAfter?: number;
  /** Search the log for this */
  requestId?: string;
}

/** How each operation is called over REST; over the socket it is the message of the same name. */
export const operations: {
  readonly [name in keyof Operations]: { readonly kind: 'command' | 'query' | 'batch'; readonly method: string; readonly path: string };
} = {
  'restaurant:sign-up': { kind: 'command', method: 'post', path: '/restaurants' },
  'restaurant:get': { kind: 'query', method: 'get', path: '/restaurant' },
  'restaurant:update': { kind: 'command', method: 'patch', path: '/restaurant' },
  'staff:list': { kind: 'query', method: 'get', path: '/staff' },
  'staff:roster': { kind: 'query', method: 'get', path: '/roster' },
  'staff:get': { kind: 'query', method: 'get', path: '/staff/:staffId' },
  'staff:create': { kind: 'command', method: 'post', path: '/staff' },
  'staff:update': { kind: 'command', method: 'patch', path: '/staff/:staffId' },
  'staff:set-pin': { kind: 'command', method: 'put', path: '/staff/:staffId/pin' },
  'staff:propose-pin': { kind: 'query', method: 'get', path: '/pin-proposal' },
  'staff:end-sessions': { kind: 'command', method: 'delete', path: '/staff/:staffId/sessions' },
  'staff:set-password': { kind: 'command', method: 'put', path: '/staff/:staffId/password' },
  'staff:deactivate': { kind: 'command', method: 'post', path: '/staff/:staffId/deactivation' },
  'staff:reactivate': { kind: 'command', method: 'post', path: '/staff/:staffId/reactivation' },
  'auth:login': { kind: 'command', method: 'post', path: '/auth/login' },
  'auth:pad': { kind: 'command', method: 'post', path: '/auth/pad' },
  'auth:pin-login': { kind: 'command', method: 'post', path: '/auth/pin' },
  'auth:refresh': { kind: 'command', method: 'post', path: '/auth/refresh' },
  'auth:logout': { kind: 'command', method: 'post', path: '/auth/logout' },
  'auth:confirm-password': { kind: 'command', method: 'post', path: '/auth/confirmation' },
  'auth:me': { kind: 'query', method: 'get', path: '/auth/me' },
  'auth:sessions': { kind: 'query', method: 'get', path: '/auth/sessions' },
  'auth:end-session': { kind: 'command', method: 'delete', path: '/auth/sessions/:sessionId' },
  'device:pair': { kind: 'command', method: 'post', path: '/devices' },
  'device:token': { kind: 'query', method: 'get', path: '/devices/:deviceId/token' },
  'device:list': { kind: 'query', method: 'get', path: '/devices' },
  'device:update': { kind: 'command', method: 'patch', path: '/devices/:deviceId' },
  'device:unpair': { kind: 'command', method: 'post', path: '/devices/:deviceId/unpairing' },
  'device:unlock': { kind: 'command', method: 'post', path: '/devices/:deviceId/unlock' },
  'staff:unlock-pin': { kind: 'command', method: 'post', path: '/staff/:staffId/pin/unlock' },
  'presence:list': { kind: 'query', method: 'get', path: '/presence' },
  'menu:get': { kind: 'query', method: 'get', path: '/menu' },
  'menu:set-availability': { kind: 'command', method: 'post', path: '/menu/items/:itemId/availability' },
  'menu:create-category': { kind: 'command', method: 'post', path: '/menu/categories' },
  'menu:update-category': { kind: 'command', method: 'patch', path: '/menu/categories/:categoryId' },
  'menu:delete-category': { kind: 'command', method: 'delete', path: '/menu/categories/:categoryId' },
  'menu:get-item': { kind: 'query', method: 'get', path: '/menu/items/:itemId' },
  'menu:create-item': { kind: 'command', method: 'post', path: '/menu/items' },
  'menu:update-item': { kind: 'command', method: 'patch', path: '/menu/items/:itemId' },
  'menu:archive-item': { kind: 'command', method: 'delete', path: '/menu/items/:itemId' },
  'menu:restore-item': { kind: 'command', method: 'post', path: '/menu/items/:itemId/restore' },
  'menu:create-modifier-group': { kind: 'command', method: 'post', path: '/menu/modifier-groups' },
  'menu:update-modifier-group': { kind: 'command', method: 'patch', path: '/menu/modifier-groups/:groupId' },
  'menu:delete-modifier-group': { kind: 'command', method: 'delete', path: '/menu/modifier-groups/:groupId' },
  'menu:set-option-availability': { kind: 'command', method: 'post', path: '/menu/modifier-groups/:groupId/options/:optionId/availability' },
  'menu:export': { kind: 'query', method: 'get', path: '/menu/export' },
  'menu:import': { kind: 'command', method: 'post', path: '/menu/import' },
  'floor:get': { kind: 'query', method: 'get', path: '/floor' },
  'section:create': { kind: 'command', method: 'post', path: '/sections' },
  'section:update': { kind: 'command', method: 'patch', path: '/sections/:sectionId' },
  'section:delete': { kind: 'command', method: 'delete', path: '/sections/:sectionId' },
  'section:assign': { kind: 'command', method: 'post', path: '/sections/:sectionId/assignment' },
  'table:create': { kind: 'command', method: 'post', path: '/tables' },
  'table:update': { kind: 'command', method: 'patch', path: '/tables/:tableId' },
  'table:delete': { kind: 'command', method: 'delete', path: '/tables/:tableId' },
  'table:set-status': { kind: 'command', method: 'post', path: '/tables/:tableId/status' },
  'table:assign': { kind: 'command', method: 'post', path: '/tables/:tableId/assignment' },
  'table:transfer': { kind: 'command', method: 'post', path: '/tables/:tableId/transfer' },
  'table:request-bill': { kind: 'command', method: 'post', path: '/tables/:tableId/bill-request' },
  'table:join': { kind: 'command', method: 'post', path: '/tables/:tableId/join' },
  'table:split': { kind: 'command', method: 'post', path: '/tables/:tableId/split' },
  'order:place': { kind: 'command', method: 'post', path: '/orders' },
  'order:get': { kind: 'query', method: 'get', path: '/orders/:orderId' },
  'order:list': { kind: 'query', method: 'get', path: '/orders' },
  'order:update': { kind: 'command', method: 'patch', path: '/orders/:orderId' },
  'order:add-lines': { kind: 'command', method: 'post', path: '/orders/:orderId/lines' },
  'order:repeat': { kind: 'command', method: 'post', path: '/orders/:orderId/repeat' },
  'order:change-line': { kind: 'command', method: 'patch', path: '/orders/:orderId/lines/:lineId' },
  'order:cancel-line': { kind: 'command', method: 'post', path: '/orders/:orderId/lines/:lineId/cancel' },
  'order:void-line': { kind: 'command', method: 'post', path: '/orders/:orderId/lines/:lineId/void' },
  'order:fire': { kind: 'command', method: 'post', path: '/orders/:orderId/fire' },
  'order:hold': { kind: 'command', method: 'post', path: '/orders/:orderId/hold' },
  'order:serve': { kind: 'command', method: 'post', path: '/orders/:orderId/serve' },
  'order:release': { kind: 'command', method: 'post', path: '/orders/:orderId/release' },
  'order:transfer': { kind: 'command', method: 'post', path: '/orders/:orderId/transfer' },
  'order:move-lines': { kind: 'command', method: 'post', path: '/orders/:orderId/move-lines' },
  'order:complete': { kind: 'command', method: 'post', path: '/orders/:orderId/complete' },
  'order:cancel': { kind: 'command', method: 'post', path: '/orders/:orderId/cancel' },
  'station:list': { kind: 'query', method: 'get', path: '/stations' },
  'station:create': { kind: 'command', method: 'post', path: '/stations' },
  'station:update': { kind: 'command', method: 'patch', path: '/stations/:stationId' },
  'station:delete': { kind: 'command', method: 'delete', path: '/stations/:stationId' },
  'ticket:list': { kind: 'query', method: 'get', path: '/tickets' },
  'ticket:get': { kind: 'query', method: 'get', path: '/tickets/:ticketId' },
  'ticket:start': { kind: 'command', method: 'post', path: '/tickets/:ticketId/start' },
  'ticket:ready': { kind: 'command', method: 'post', path: '/tickets/:ticketId/ready' },
  'ticket:bump': { kind: 'command', method: 'post', path: '/tickets/:ticketId/bump' },
  'ticket:recall': { kind: 'command', method: 'post', path: '/tickets/:ticketId/recall' },
  'ticket:prioritise': { kind: 'command', method: 'post', path: '/tickets/:ticketId/prioritise' },
  'ticket:received': { kind: 'command', method: 'post', path: '/tickets/received' },
  'ticket:seen': { kind: 'command', method: 'post', path: '/tickets/seen' },
  'kitchen:all-day': { kind: 'query', method: 'get', path: '/kitchen/all-day' },
  'kitchen:expo': { kind: 'query', method: 'get', path: '/kitchen/expo' },
  'dashboard:alerts': { kind: 'query', method: 'get', path: '/dashboard/alerts' },
  'dashboard:acknowledge-alert': { kind: 'command', method: 'post', path: '/dashboard/alerts/:alertId/acknowledgement' },
  'dashboard:resolve-alert': { kind: 'command', method: 'post', path: '/dashboard/alerts/:alertId/resolution' },
  'sync:snapshot': { kind: 'query', method: 'get', path: '/sync/snapshot' },
  'sync:since': { kind: 'query', method: 'get', path: '/sync/since' },
  'sync:submit': { kind: 'batch', method: 'post', path: '/sync/commands' },
};

/** Which payload fields hold the new state of things in a replica, or the ids of things gone from it. */
export const events: {
  readonly [name in keyof Events]: {
    readonly carries?: Readonly<Record<string, keyof Replicas>>;
    readonly removes?: Readonly<Record<string, keyof Replicas>>;
  };
} = {
  'restaurant:created': { carries: { restaurant: 'restaurant' } },
  'restaurant:updated': { carries: { restaurant: 'restaurant' } },
  'staff:changed': {},
  'staff:roster-changed': { carries: { member: 'staff' } },
  'device:changed': {},
  'device:returned': {},
  'menu:updated': { carries: { categories: 'menuCategories', items: 'menuItems', modifierGroups: 'modifierGroups' }, removes: { removedCategoryIds: 'menuCategories', removedModifierGroupIds: 'modifierGroups' } },
  'menu:availability-changed': { carries: { item: 'menuItems' } },
  'floor:updated': { carries: { sections: 'sections', tables: 'tables' }, removes: { removedSectionIds: 'sections', removedTableIds: 'tables' } },
  'table:updated': { carries: { tables: 'tables' } },
  'table:status-changed': { carries: { table: 'tables' } },
  'table:assigned': { carries: { tables: 'tables' } },
  'table:transferred': { carries: { table: 'tables', joined: 'tables' } },
  'staff:assigned': { carries: { section: 'sections', tables: 'tables' } },
  'order:created': { carries: { order: 'orders' } },
  'order:updated': { carries: { order: 'orders' } },
  'order:line-status-changed': { carries: { order: 'orders' } },
  'order:status-changed': {},
  'order:cancelled': { carries: { order: 'orders' } },
  'kitchen:ticket-created': { carries: { ticket: 'tickets' } },
  'kitchen:ticket-updated': { carries: { ticket: 'tickets' } },
  'kitchen:stations-updated': { carries: { stations: 'stations' }, removes: { removedStationIds: 'stations' } },
  'dashboard:alert': { carries: { alert: 'alerts' } },
  'dashboard:alert-updated': { carries: { alert: 'alerts' } },
};

/** A thing whose `field` has none of `values` has left the replica; without `live`, things stay until removed. */
export const replicas: {
  readonly [name in keyof Replicas]: { readonly live?: { readonly field: string; readonly values: readonly string[] } };
} = {
  restaurant: {},
  staff: {},
  menuCategories: {},
  menuItems: { live: { field: 'status', values: ['active'] } },
  modifierGroups: {},
  sections: {},
  tables: {},
  orders: { live: { field: 'status', values: ['needs_approval', 'scheduled', 'open'] } },
  stations: {},
  tickets: { live: { field: 'status', values: ['queued', 'preparing', 'ready'] } },
  alerts: { live: { field: 'status', values: ['open', 'acknowledged'] } },
};
